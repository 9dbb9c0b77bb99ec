// The front door of the probe module: does this recipient exist?
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"
#include "probe/base/clock.h"
#include "probe/mail/address.h"
#include "probe/mail/smtp_reply.h"
#include "probe/mail/verdict.h"
#include "probe/primary/activity.h"
#include "probe/primary/primary_state.h"
#include "probe/primary/services.h"
#include "probe/verifier/stale_resolver.h"

namespace fallbackmx {

struct Question {
  Address recipient;
  std::string next_hop;  ///< the MTA's own, for instance {rcpt_host}; empty: the recipient's domain
  SteadyTime deadline;   ///< the answer comes by then
  std::string client{};  ///< on whose behalf, as a name for him; those who ask for much wait for others
  std::optional<TlsLevel> tls{};                   ///< instead of the one for the next hop
  std::optional<std::string> sender{};             ///< instead of address_verify_sender
  std::optional<std::chrono::seconds> patience{};  ///< instead of answer_timeout: for who sets the deadline
  /// Whom to ask: whoever knows; only the primary, because it matters whether it is up; or only memory.
  enum class Of { anybody, primary, memory } of = Of::anybody;
  /// Called by the thread that asks, before it waits for a disk, the DNS or a primary; perhaps several times,
  /// and not at all when the answer is at hand. Does not throw.
  std::function<void()> waits{};
};

/// All that is known in answer to a Question. A value.
struct Finding {
  Verdict verdict = Verdict::unavailable;
  Source source = Source::none;
  Remembered remembered = Remembered::nothing;  ///< about this address, before this probe
  bool withheld = false;                        ///< only memory was to be asked, and it gives no answer
  bool ask_once_more = false;                   ///< as ProbeResult has it
  bool stale = false;                           ///< as ProbeResult has it
  bool from_mx = true;                          ///< clients can find the primary by its MX records
  Stage stage = Stage::lookup;                  ///< where it was decided
  std::string primary{};          ///< `mx1.example.org[192.0.2.1]:25`, empty when none was reached
  std::string server{};           ///< PrimaryState::key of one that is unavailable
  int code = 0;                   ///< of the primary's reply, 0 without one
  std::string dsn{};              ///< its enhanced code, may be empty
  std::string words{};            ///< its text without the enhanced code, printable
  std::string why{};              ///< a sentence for the log: who, at which stage, what
  std::string_view tls = "none";  ///< level reached: none, may (encrypted, not authenticated), ...
};

/// Used by many threads at once. Blocks the caller until there is an answer or the deadline has come; probes
/// go on in a thread of its own, and what they learn is stored.
class Verifier {
 public:
  Verifier(Services services, std::shared_ptr<const Settings> settings);
  /// Ends all sessions with QUIT, waits for that, answers whoever still waits with `late`.
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  Finding verify(const Question&);
  /// The recipient of this finding was accepted, though nobody could say whether it exists. Does not wait.
  void accepted_unverified(const Finding&);

  /// The servers of all destinations in use, each once, by name. Costs too much for every question.
  std::vector<PrimaryState> primaries() const;
  Activity activity() const;
  /// For lookups about domains that we relay, as for its own: the last good answers outlive their time.
  /// Lives as long as the verifier.
  Resolver& relayed_names();
  /// The names for which such answers are used now, the latest first.
  std::vector<StaleName> stale_names() const;
  /// What an operator wants of a server (PrimaryState::key), for all destinations that have it. Disabled: it
  /// is not asked from now on, and counts as down, until it is enabled or the process ends. Reset: its
  /// failures are forgotten, and whoever comes next may find it well.
  enum class Wish { disable, enable, reset };
  void steer(const std::string& key, Wish wish);

  /// From now on; sessions in progress end as soon as they are idle.
  void reload(std::shared_ptr<const Settings> settings);
  /// Everybody who waits is answered `late` at once, and so is everybody who asks from now on.
  void drain();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fallbackmx
