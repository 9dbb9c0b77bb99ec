// The verbs about primaries: how they are, and what an operator wants of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "milter/control/control_message.h"
#include "probe/base/log.h"
#include "probe/primary/primary_state.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// A row for each server; times that never were are null.
ControlReply primaries_list(const std::vector<PrimaryState>&);

/// The same rows, of those that are not up, for who wants to know how things are: not very many.
Json unwell_primaries(const std::vector<PrimaryState>&);

/// The servers that a word can mean: `mx1.example.org[192.0.2.1]:25`, `192.0.2.1:25`, the host or the address
/// alone, or the next hop that led there.
std::vector<PrimaryState> primaries_named(const std::vector<PrimaryState>&, const std::string& word);

/// Does what the request's `primary` shall suffer, to all servers that are called so, and logs it. An error
/// when there is none: the daemon knows only those that it has talked to.
ControlReply primaries_steer(const ControlRequest&, const std::vector<PrimaryState>&, Verifier::Wish, Log&,
                             const std::function<void(const std::string& key, Verifier::Wish)>& steer);

}  // namespace fallbackmx
