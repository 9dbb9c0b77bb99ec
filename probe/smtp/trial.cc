#include "probe/smtp/trial.h"

#include <fmt/format.h>

#include "probe/smtp/opening.h"

namespace fallbackmx {

namespace {

/// The next reply, or nothing when none comes in time or the destination is stopping.
Task<std::optional<SmtpReply>> next_reply(Dialogue& dialogue, const Destination& destination,
                                          SteadyTime deadline) {
  for (;;) {
    if (auto reply = dialogue.next_reply()) co_return reply;
    if (destination.stopping()) co_return std::nullopt;
    const auto event = co_await dialogue.exchange(deadline);
    if (event == Dialogue::Event::deadline || event == Dialogue::Event::broken) co_return std::nullopt;
  }
}

}  // namespace

Task<> Trial::run() {
  const std::size_t server = *slot_.trial;
  if (!destination_.begin(slot_, server)) co_return;
  const auto settings = engine_.settings();
  const Clock& clock = engine_.services.clock;
  Servers& servers = destination_.servers();
  const Endpoint& endpoint = servers.endpoint(server);
  engine_.services.log.debug(endpoint.text() + " is down: its trial");
  std::vector<std::size_t> alone(1, server);
  Opening opening(engine_, destination_, slot_, settings);
  const auto opened = co_await opening.open(std::move(alone));
  if (!opened) co_return;
  Dialogue& dialogue = *opened->dialogue;
  dialogue.send(fmt::format("MAIL FROM:<{}>", servers.habits(server).probe_sender(*settings)));
  const auto reply = co_await next_reply(dialogue, destination_, clock.now() + settings->smtp_mail_timeout);
  if (reply && reply->code != 421) {
    destination_.tried_well(server);
  } else if (!destination_.stopping()) {
    const ProbeResult result = reply
                                   ? said(Verdict::unavailable, Stage::mail, endpoint, *reply)
                                   : befell(Verdict::unavailable, Stage::mail, endpoint, dialogue.trouble());
    servers.failed(server, result.why);
  }
  if (!reply && !dialogue.timed_out()) co_return;  // there is nobody to say QUIT to
  co_await dialogue.quit(clock.now() + settings->smtp_quit_timeout,
                         [this] { return destination_.stopping(); });
}

}  // namespace fallbackmx
