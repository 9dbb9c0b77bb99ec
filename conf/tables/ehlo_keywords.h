// smtp_discard_ehlo_keyword_address_maps: words of EHLO replies that are ignored, for single servers.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/lookup_table.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// A value. Rows are `address  word, word...`; a row outranks smtp_discard_ehlo_keywords (postconf(5)).
class EhloKeywordMaps {
 public:
  /// `tables` is a list of lookup tables, such as cidr:/file. The error names file and line.
  static Result<EhloKeywordMaps> parse(std::string_view tables);

  /// The words for a server at this address, as written. Nothing when no row is about it.
  std::optional<std::vector<std::string>> find(const boost::asio::ip::address&) const;
  const std::string& text() const { return tables_.text(); }
  friend bool operator==(const EhloKeywordMaps&, const EhloKeywordMaps&) = default;

 private:
  LookupTables tables_;
};

}  // namespace fallbackmx
