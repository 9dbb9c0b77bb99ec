// What types and bounds cannot see: values that are wrong in themselves, or together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"

namespace fallbackmx {

struct Objection {
  bool error = false;                   ///< else a warning
  std::vector<std::string_view> names;  ///< the parameters it is about, the one to change first
  std::string text;
};

/// Pure; in order of the table, errors and warnings mixed.
std::vector<Objection> check_settings(const Settings&);

/// What is wrong with a milter_socket, or empty. Empty text (the usual place), `unix:/path`, `local:/path`,
/// `/path`, `inet:host:port`, `inet:port@host`, `inet:port`, the same with `inet6:`, `fd:N`.
std::string milter_socket_error(std::string_view);

/// What is wrong with an item of `resolver`, or empty: an address, or `address:port` with IPv6 addresses in
/// brackets.
std::string resolver_error(std::string_view);

/// What is wrong with a control_socket, or empty: a whole path that fits into a socket's address, or nothing.
std::string control_socket_error(std::string_view path);

/// What is wrong with an http_listen, or empty: `address:port`, IPv6 addresses in brackets.
std::string http_listen_error(std::string_view);

}  // namespace fallbackmx
