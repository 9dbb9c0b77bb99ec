#include "milter/rules/unknown_recipients.h"

#include "milter/rules/client_network.h"

namespace fallbackmx {

bool UnknownRecipients::expired(const Guesses& guesses, SteadyTime now, const Settings& settings) {
  return now - guesses.first >= settings.client_unknown_recipient_time;
}

bool UnknownRecipients::may_ask(const std::optional<IpAddress>& client, SteadyTime now,
                                const Settings& settings) const {
  if (!client || settings.client_unknown_recipient_limit == 0) return true;
  const std::lock_guard lock(mutex_);
  const Guesses* guesses = clients_.find(client_network(*client));
  return guesses == nullptr || expired(*guesses, now, settings) ||
         guesses->number < settings.client_unknown_recipient_limit;
}

void UnknownRecipients::count(const std::optional<IpAddress>& client, SteadyTime now,
                              const Settings& settings) {
  if (!client || settings.client_unknown_recipient_limit == 0) return;
  const std::lock_guard lock(mutex_);
  Guesses& guesses = clients_.touch(client_network(*client));
  if (guesses.number == 0 || expired(guesses, now, settings)) guesses = {now, 0};
  ++guesses.number;
}

}  // namespace fallbackmx
