#include "milter/doctor/known_recipients.h"

#include <chrono>

#include "milter/control/control_client.h"
#include "milter/control/shown.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr auto daemons_patience = std::chrono::seconds(5);
constexpr int page_size = 1000, most_pages = 20;

bool is_real(const Json& row) {
  return shown(row, "counts") == "yes" && !lower_case(shown(row, "address")).starts_with("postmaster@");
}

}  // namespace

Knowledge knows_recipient(const std::string& control_socket, const std::string& domain) {
  if (control_socket.empty()) return Knowledge::not_known;
  ControlClient client(control_socket);
  ControlRequest request{.verb = Verb::remember_list,
                         .arguments = {{"domain", domain}, {"limit", page_size}}};
  const auto end = std::chrono::steady_clock::now() + daemons_patience;
  for (int page = 0; page < most_pages && std::chrono::steady_clock::now() < end; ++page) {
    const ControlReply reply = client.ask(request, daemons_patience);
    if (!reply.ok()) return Knowledge::not_known;
    for (const auto& row : member(reply.result, "addresses")) {
      if (is_real(row)) return Knowledge::some;
    }
    const Json& next = member(reply.result, "next");
    if (next.is_null()) return Knowledge::none;
    request.arguments["after"] = next;
  }
  return Knowledge::not_known;
}

}  // namespace fallbackmx
