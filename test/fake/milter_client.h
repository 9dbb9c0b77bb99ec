// The MTA's side of the milter protocol, version 6: what a test says to a filter, and what it hears.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/base/file_descriptor.h"

namespace fallbackmx {

/// What a filter answered: `c` continue, `y` a reply of its own in `text`, `t` tempfail, `r` reject, ... `-`
/// nothing within the patience, `!` the connection ended, `n` it was agreed that it does not answer.
struct MilterAnswer {
  char letter = '-';
  std::string text{};
  /// `continue`, `550 5.1.1 ...`, `silence`, `end`, `not awaited`, or the letter.
  std::string told() const;
};

/// What a filter asked for when options were negotiated.
struct MilterOptions {
  std::uint32_t version = 0, actions = 0, protocol = 0;
  std::vector<std::pair<std::uint32_t, std::string>> macros{};  ///< stage and names
};

using Macros = std::vector<std::pair<std::string, std::string>>;

/// One session. Belongs to one thread; its end hangs up.
class MilterClient {
 public:
  /// What an MTA offers that waits for an answer to each event; and one that can go on without, as Postfix
  /// and Sendmail can.
  static constexpr std::uint32_t patient = 0x100f7f, every_option = 0x1fffff;

  /// To a unix-domain socket. Throws std::system_error when nobody listens.
  explicit MilterClient(const std::string& path);

  std::optional<MilterOptions> negotiate(std::uint32_t actions = 0x1ff, std::uint32_t protocol = patient);
  MilterAnswer connect(const std::string& name = "client.example.net",
                       const std::string& address = "198.51.100.7");
  /// As for a client that was gone before the MTA could look: no address.
  MilterAnswer connect_unknown();
  MilterAnswer helo(const std::string& name = "client.example.net");
  MilterAnswer mail(const std::string& sender, const Macros& macros = {{"j", "mta.example"}});
  MilterAnswer rcpt(const std::string& recipient, const Macros& macros);
  MilterAnswer end_of_message(const Macros& macros = {{"j", "mta.example"}});
  void abort();
  void quit();

  /// The same in two steps, for many sessions at once.
  void send_rcpt(const std::string& recipient, const Macros& macros);
  MilterAnswer answer(std::chrono::milliseconds patience = std::chrono::seconds(60));

  /// Raw: a packet, and any bytes at all.
  void packet(char command, std::string_view payload);
  void bytes(std::string_view raw);
  void hang_up();

 private:
  void send_macros(char command, const Macros&);
  /// To an event that goes by this bit among the options.
  MilterAnswer answer_unless(std::uint32_t without_answer);
  /// The letter of the answer that it is when there are not so many bytes; 0 when there are.
  char read_exactly(std::string& into, std::size_t count, std::chrono::steady_clock::time_point deadline);

  FileDescriptor socket_;
  std::uint32_t agreed_ = 0;  ///< options
};

}  // namespace fallbackmx
