#include "milter/rules/host_names.h"

#include <strings.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <string>

#include "probe/dns/dns.h"
#include "probe/mail/address.h"
#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

bool valid_v4(std::string_view text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v4(std::string(text), error);
  // 0.0.0.0 is an address, other hosts of "this network" are none (RFC 1122 section 3.2.1.3).
  return !error && (address.is_unspecified() || address.to_bytes()[0] != 0);
}

bool valid_v6(std::string_view text) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(std::string(text), error);
  return !error && text.find('%') == std::string_view::npos;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string_view without_last_dot(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.') && !name.ends_with("..")) name.remove_suffix(1);
  return name;
}

bool is_fqdn(std::string_view name, bool smtputf8) {
  if (name.find('.') == std::string_view::npos) return false;
  if (is_ascii(name) || !smtputf8) return valid_hostname(name);
  const auto ascii = ascii_domain(name);
  return ascii && valid_hostname(*ascii);
}

bool valid_address(std::string_view text) { return valid_v4(text) || valid_v6(text); }

bool valid_literal(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  const auto inside = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  if (strncasecmp(std::string(inside).c_str(), tag.data(), tag.size()) == 0)
    return valid_v6(inside.substr(tag.size()));
  return valid_v4(inside);
}

}  // namespace fallbackmx
