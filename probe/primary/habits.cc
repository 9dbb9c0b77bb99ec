#include "probe/primary/habits.h"

#include <algorithm>

#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

constexpr std::chrono::seconds limit_lifetime{3600};
constexpr std::chrono::seconds one_trouble{60};
constexpr std::chrono::hours alarm_interval{1};

/// Without <>, and with its domain in A-labels.
std::string mailbox_of(const std::string& sender) {
  const auto address = Address::parse(sender);
  return address ? address->mailbox() : std::string();
}

}  // namespace

std::string Habits::probe_sender(const Settings& settings, const std::optional<std::string>& own) const {
  if (!fallback_sender) return first_sender(settings, own);
  return mailbox_of(settings.probe_fallback_sender);
}

std::string Habits::first_sender(const Settings& settings, const std::optional<std::string>& own) {
  return mailbox_of(own.value_or(settings.address_verify_sender));
}

void Habits::hung_up_after(std::size_t transactions, SteadyTime now) {
  most_transactions_ = std::max<std::size_t>(transactions, 2) - 1;
  until_ = now + limit_lifetime;
}

void Habits::hung_up_after_rejections(std::size_t rejections, SteadyTime now) {
  most_rejections_ = std::max<std::size_t>(rejections, 1);
  rejections_until_ = now + limit_lifetime;
}

bool is_news(std::vector<Habits>& habits, const std::vector<Endpoint>& endpoints, std::size_t endpoint,
             const std::string& alarm, SteadyTime now) {
  if (habits[endpoint].alarm == alarm && now - habits[endpoint].alarmed_at <= alarm_interval) {
    ++habits[endpoint].held_back;
    return false;
  }
  bool just_said = false;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    just_said = just_said || (endpoints[i].host == endpoints[endpoint].host && habits[i].alarm == alarm &&
                              now - habits[i].alarmed_at <= one_trouble);
  }
  habits[endpoint].alarm = alarm;
  habits[endpoint].alarmed_at = now;
  return !just_said;
}

}  // namespace fallbackmx
