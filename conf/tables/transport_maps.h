// address_verify_transport_maps: where probes go, when that is not where mail goes (transport(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/tables/typed_tables.h"
#include "probe/base/result.h"
#include "probe/mail/address.h"

namespace fallbackmx {

/// A value. Rows are `key  transport:next-hop`; of the transports only those that speak SMTP or
/// LMTP can be asked.
class TransportMaps {
 public:
  /// `tables` is a list of tables (conf/tables/lookup_table.h). The error names file and line.
  static Result<TransportMaps> parse(std::string_view tables);

  /// The next hop, as the MTA writes it; empty: the recipient's own domain. By LMTP: with `lmtp:` in front.
  /// Nothing when no row is about it. Looked up are `user@domain`, `domain`, `.parent` for each parent, and
  /// `*`; patterns are only asked about `user@domain`.
  std::optional<std::string> find(const Address& recipient) const;
  /// Each next hop, with where it stands: `/file:12`. Not those that a pattern puts together.
  std::vector<std::pair<std::string, std::string>> next_hops() const;
  const std::string& text() const { return text_; }
  friend bool operator==(const TransportMaps& a, const TransportMaps& b) { return a.text_ == b.text_; }

 private:
  TypedTables<std::string> next_hops_;
  std::string text_;
};

}  // namespace fallbackmx
