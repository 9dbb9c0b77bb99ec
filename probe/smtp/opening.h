// From nothing to a session that can take MAIL: connect, greeting, EHLO, STARTTLS (or TLS before all of
// them); by LMTP with LHLO (RFC 2033).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "probe/primary/destination.h"
#include "probe/smtp/connection_race.h"
#include "probe/smtp/dialogue.h"
#include "probe/smtp/judge.h"

namespace fallbackmx {

/// A session that stands.
struct Opened {
  std::unique_ptr<Dialogue> dialogue;
  std::size_t endpoint = 0;
  /// EHLO keywords in upper case, without those of smtp_discard_ehlo_keywords; empty after HELO.
  std::set<std::string> extensions;
  std::string_view tls = "none";  ///< the level reached
};

/// Takes the first server that connects (ConnectionRace), and the next one when that does not take us. Tells
/// the destination of every one that fails. Used once, by a session.
class Opening {
 public:
  Opening(Engine& engine, Destination& destination, Destination::Slot& slot,
          std::shared_ptr<const Settings> settings)
      : engine_(engine),
        destination_(destination),
        servers_(destination.servers()),
        slot_(slot),
        settings_(std::move(settings)) {}

  /// Nothing when no endpoint took us, or the destination is stopping.
  Task<std::optional<Opened>> open(std::vector<std::size_t> candidates);

 private:
  enum class Greeted { yes, no, try_plaintext };

  Task<std::optional<ConnectionRace::Runner>> connect(std::vector<std::size_t>& candidates);
  Task<std::optional<Opened>> introduce(ConnectionRace::Runner connected);
  Task<bool> make_demand(std::size_t endpoint);
  Task<std::optional<DnsAnswer>> find_tlsa(const TlsPolicy& policy, const Endpoint& server,
                                           std::string& base);
  bool prefers_plaintext(std::size_t endpoint, const TlsDemand& demand) const;
  void remember_plaintext(const Opened& session);
  Task<Greeted> greet(Opened& session, const TlsDemand& demand, bool with_tls);
  Task<std::optional<Greeted>> say_hello(Opened& session, const TlsDemand& demand);
  void take_extensions(Opened& session, const SmtpReply& hello);
  Task<Greeted> start_tls(Opened& session, const TlsDemand& demand);
  Task<bool> shake_hands(Opened& session, const TlsDemand& demand);
  Greeted step_down(const Opened& session, std::string_view why);
  Task<Greeted> tls_broken(Opened& session, const TlsDemand& demand);
  Task<std::optional<SmtpReply>> converse(Opened& session, std::string_view command,
                                          std::chrono::seconds timeout);
  Task<std::optional<SmtpReply>> reply(Opened& session, std::chrono::seconds timeout);
  Task<Dialogue::Event> wait(Opened& session, SteadyTime deadline, SteadyTime& silent_at, bool handshake);
  Judgement judge_reply(const Opened& session, Stage stage, const std::optional<SmtpReply>& reply,
                        Circumstances circumstances);
  Task<Greeted> give_up(Opened& session, Stage stage, const Judgement& judgement,
                        const std::optional<SmtpReply>& reply);
  Task<Greeted> give_up(Opened& session, const Judgement& judgement, const ProbeResult& result, bool listens);
  Task<> quit(Opened& session);
  void took(Stage stage, SteadyTime since);

  Engine& engine_;
  Destination& destination_;
  Servers& servers_;
  Destination::Slot& slot_;
  Stage stage_ = Stage::greeting;  ///< of the reply that is awaited
  SteadyTime last_word_{};         ///< of the server: since then its greeting is awaited
  SteadyTime waiting_since_{};     ///< for the reply, or the handshake, that is awaited
  bool begun_to_speak_ = false;    ///< a part of that reply has come
  bool fell_silent_ = false;       ///< nobody waits for this session any more
  std::shared_ptr<const Settings> settings_;
  std::map<std::size_t, TlsDemand> demands_;  ///< by endpoint
  bool starttls_discarded_ = false;           ///< offered, and in smtp_discard_ehlo_keywords
};

}  // namespace fallbackmx
