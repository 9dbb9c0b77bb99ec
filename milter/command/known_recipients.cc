#include "milter/command/known_recipients.h"

#include <chrono>

#include "conf/text_file.h"
#include "milter/command/control_client.h"
#include "milter/command/shown.h"

namespace fallbackmx {

namespace {

constexpr auto patience = std::chrono::seconds(5);
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
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int page = 0; page < most_pages && std::chrono::steady_clock::now() < end; ++page) {
    const ControlReply reply = client.ask(request, patience);
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
