// A name server that tells the truth of another one, or not. It stands between the real name server and the
// resolver that validates what it hears.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// Which truth it tells. Nothing of the kind is done to DNSKEY and DS but `dead`: a resolver that once found
/// no key of a signed zone says so for a minute.
enum class Word {
  truth,
  dead,     ///< no answer at all
  failing,  ///< SERVFAIL
  denying,  ///< no such name: for addresses, and MX records of signed zones
  lying,    ///< every IPv4 address is another one
};
std::string_view to_string(Word);

/// The zone that is not signed: who denies its MX records is believed, as everywhere, and mail for it is
/// refused, as by every mail server. The addresses of its MX hosts are lied about.
constexpr std::string_view unsigned_zone = "open.example";

/// UDP, port 5454 of an address in a network; the truth is on port 5353. One thread, until it is destroyed.
class LyingDns {
 public:
  /// `liar` is the IPv4 address it tells when it lies.
  LyingDns(std::string network, std::string address, std::string liar);
  ~LyingDns();
  LyingDns(const LyingDns&) = delete;
  LyingDns& operator=(const LyingDns&) = delete;

  void change(Word word) { word_ = word; }

 private:
  void run();
  std::string answer_to(const std::string& query) const;
  std::string truth_about(const std::string& query) const;
  std::string lie_about(std::string truth) const;

  const std::string network_, address_, liar_;
  std::atomic<Word> word_{Word::truth};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace fallbackmx::soak
