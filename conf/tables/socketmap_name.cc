#include "conf/tables/socketmap_name.h"

#include <fmt/format.h>

#include "conf/grammar/milter_socket.h"
#include "probe/base/text_file.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

Result<SocketmapName> SocketmapName::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) { return Error{fmt::format("{}: {}", in_quotes(text), why)}; };
  constexpr std::string_view how = "write socketmap:inet:address:port:name or socketmap:unix:/path:name";
  constexpr std::string_view prefix = "socketmap:";
  auto rest = text.substr(text.starts_with(prefix) ? prefix.size() : 0);
  const auto end = rest.rfind(':');
  if (end == std::string_view::npos || end + 1 == rest.size()) return wrong(how);
  SocketmapName name;
  name.text = text;
  name.map = rest.substr(end + 1);
  rest = rest.substr(0, end);
  if (rest.starts_with("unix:")) {
    name.path = rest.substr(5);
    if (const auto error = socket_path_error(name.path)) return wrong(error->text);
    return name;
  }
  if (!rest.starts_with("inet:")) return wrong(how);
  const auto host = split_host_port(rest.substr(5));
  if (!host || !host->port) return wrong(how);
  const auto port = parse_port(*host->port);
  if (!port) return wrong(fmt::format("{} is not a port", in_quotes(*host->port)));
  name.port = *port;
  name.address = host->host == "localhost" ? "127.0.0.1" : std::string(host->host);
  boost::system::error_code not_one;
  boost::asio::ip::make_address(name.address, not_one);
  if (not_one) return wrong("write its address, names of hosts are not looked up here");
  return name;
}

}  // namespace fallbackmx
