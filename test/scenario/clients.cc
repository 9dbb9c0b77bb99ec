#include "test/scenario/clients.h"

#include <exception>
#include <string>
#include <utility>

#include "milter/rules/restrictions.h"
#include "test/scenario/answer.h"

namespace fallbackmx {

/// The questions of one client.
class Clients::Asking final : public Questions {
 public:
  Asking(const ClientsServices& services, SteadyTime begin, SteadyTime deadline)
      : services_(services), begin_(begin), deadline_(deadline) {}
  DnsAnswer lookup(std::string_view name, RecordType type) override {
    return services_.resolver.lookup(name, type, deadline_);
  }
  DnsAnswer lookup_relayed(std::string_view name, RecordType type) override {
    return services_.verifier.relayed_names().lookup(name, type, deadline_);
  }
  Finding verify(Question question) override {
    question.deadline = question.patience ? begin_ + *question.patience : deadline_;
    return services_.verifier.verify(question);
  }

 private:
  const ClientsServices& services_;
  const SteadyTime begin_, deadline_;
};

void Clients::start(std::size_t line, const RcptStep& rcpt) {
  // Threads that have ended keep their stacks until somebody asks for them.
  askers_.remove_if([](Asker& client) {
    if (client.done) client.thread.join();
    return client.done.load();
  });
  for (std::size_t i = 0; i < rcpt.times; ++i) start_one(line, rcpt, i + 1);
}

void Clients::join() {
  for (auto& client : askers_) client.thread.join();
  askers_.clear();
}

void Clients::start_one(std::size_t line, const RcptStep& rcpt, std::size_t number) {
  auto& client = askers_.emplace_back();
  ++waiting_;
  ++starting_;
  try {
    // The sleeper is made here, so that no time passes before the thread runs.
    client.thread = std::thread(
        [this, &client, line, rcpt, number, sleeper = services_.world.clock().sleeper()]() mutable {
          live(line, rcpt, number, std::move(sleeper));
          client.done = true;
        });
  } catch (...) {
    --waiting_;
    --starting_;
    askers_.pop_back();
    throw;
  }
}

void Clients::live(std::size_t line, const RcptStep& rcpt, std::size_t number,
                   std::unique_ptr<Sleeper> sleeper) {
  sleeper->sleep_until(SteadyTime::min());  // makes it this thread's own
  try {
    ask(line, rcpt, number);
  } catch (const std::exception& trouble) {
    services_.story.disappoint(line, std::string("the client died of: ") + trouble.what());
  }
  --waiting_;
  services_.director.wake();
}

void Clients::ask(std::size_t line, const RcptStep& rcpt, std::size_t number) {
  Client client;
  client.name = "unknown";
  client.address = boost::asio::ip::make_address(rcpt.client);
  client.helo = rcpt.helo;
  client.authenticated = rcpt.authenticated;

  auto given = rcpt.recipient;
  if (const auto hash = given.find('%'); hash != std::string::npos)
    given.replace(hash, 1, std::to_string(number));
  const auto address = [](const std::string& text) {
    auto parsed = Address::parse("<" + text + ">");
    return parsed ? *parsed : Address();
  };
  const Envelope envelope{rcpt.sender,    address(rcpt.sender), given,
                          address(given), rcpt.mailer,          rcpt.next_hop};

  const auto settings = services_.settings();
  --starting_;
  const auto asked = services_.world.clock().now();
  Asking questions(services_, asked, asked + settings->answer_timeout);
  const auto outcome = evaluate(*settings, client, envelope, questions);
  const auto took = services_.world.clock().now() - asked;
  for (const auto& difference : differences(rcpt, given, outcome))
    services_.story.disappoint(line, difference);
  for (const auto& difference :
       differences_in_time(rcpt, given, took, settings->answer_timeout, services_.world.tolerance())) {
    services_.story.disappoint(line, difference);
  }
  for (const auto& count : rcpt.counts) services_.check(line, count);
}

}  // namespace fallbackmx
