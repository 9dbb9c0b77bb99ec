// The tables by which the MTA gives recipients new addresses, found and opened.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "conf/tables/recipient_rewriting.h"

namespace fallbackmx {

/// By virtual_alias_maps, recipient_canonical_maps and canonical_maps, each from main.cf in
/// postfix_config_directory where it is not set in milter.conf; with recipient_delimiter,
/// propagate_unmatched_extensions, mynetworks and the domains that it relays or delivers from there. Never
/// null. What cannot be opened adds a sentence with a way out to `warnings`, and is left out: recipients whom
/// it rewrites may then be refused. Reads files; to be called at the start and at a reload.
std::shared_ptr<const RecipientRewriting> open_rewriting_tables(const Settings&,
                                                                std::vector<std::string>& warnings);

}  // namespace fallbackmx
