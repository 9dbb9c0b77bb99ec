// An IP address as a test writes it.
#pragma once

#include <string>

#include "probe/mail/endpoint.h"

namespace fallbackmx {

inline IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }

}  // namespace fallbackmx
