#include "probe/mail/address.h"

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

/// The mailbox stands between < and > of an SMTP command: nothing in it may end the command.
void address(std::string_view input) {
  const auto address = Address::parse(input);
  if (!address) {
    require(is_printable_ascii(address.error()) && address.error().size() < 400,
            "an error is short and printable");
    return;
  }
  const auto mailbox = address->mailbox();
  require(mailbox.size() <= 500, "it fits into a command");
  bool quoted = false;
  for (std::size_t i = 0; i < mailbox.size(); ++i) {
    const auto c = static_cast<unsigned char>(mailbox[i]);
    require(c >= 0x20 && c != 0x7f, "it holds no control character");
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    require(quoted || (c != ' ' && c != '<' && c != '>'), "what could end it is quoted");
  }
  require(!quoted, "its quotes are closed");
  require(is_printable_ascii(address->domain()), "its domain is ASCII");
  const auto again = Address::parse("<" + mailbox + ">");
  require(static_cast<bool>(again), "it can be read again");
  require(again->mailbox() == mailbox && again->null() == address->null(), "it is the same when read again");
  require(again->domain() == address->domain() && again->key() == address->key(),
          "it is remembered under one name");
  require(address->domain().empty() || mailbox.ends_with("@" + address->domain()),
          "it is asked about in its domain");
}

}  // namespace fallbackmx::fuzz
