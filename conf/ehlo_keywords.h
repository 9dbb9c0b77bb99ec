// smtp_discard_ehlo_keyword_address_maps: words of EHLO replies that are ignored, for single servers.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "probe/result.h"

namespace fallbackmx {

/// A value. Rows are `address  word, word...`; a row outranks smtp_discard_ehlo_keywords (postconf(5)).
class EhloKeywordMaps {
 public:
  /// `tables` is a list of texthash:/file and the like; the error names file and line.
  static Result<EhloKeywordMaps> parse(std::string_view tables);

  /// The words for a server at this address, as written. Null when no row is about it.
  const std::vector<std::string>* find(const boost::asio::ip::address&) const;
  const std::string& text() const { return text_; }
  friend bool operator==(const EhloKeywordMaps& a, const EhloKeywordMaps& b) { return a.text_ == b.text_; }

 private:
  std::map<boost::asio::ip::address, std::vector<std::string>> words_;
  std::string text_;
};

}  // namespace fallbackmx
