// How the Postfix of this machine is configured, as far as it concerns a milter.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// One milter in a list such as smtpd_milters. A value.
struct PostfixMilter {
  std::string text;                               ///< as it is written, braces and all
  std::string socket;                             ///< `unix:fallbackmx/milter.sock`, `inet:127.0.0.1:11332`
  std::map<std::string, std::string> settings{};  ///< what stands behind it in the braces
};
/// `{ unix:/path, default_action=accept }, inet:host:port`: separated by commas or blanks. What cannot be
/// understood is a socket of that name.
std::vector<PostfixMilter> parse_postfix_milters(std::string_view list);

/// A row of master.cf that runs smtpd. A value.
struct PostfixService {
  std::string name;  ///< `smtp`, `submission`, `127.0.0.1:10025`
  std::string type;  ///< `inet`, `pass`
  bool chroot = false;
  std::map<std::string, std::string> own{};  ///< its -o name=value
};

/// A value.
struct PostfixFacts {
  std::map<std::string, std::string> main;  ///< of main.cf, expanded, defaults included
  std::vector<PostfixService> services;

  /// Of main.cf, or empty.
  std::string value(const std::string& parameter) const;
  /// The same for one service.
  std::string value(const PostfixService&, const std::string& parameter) const;
  /// ` -c DIRECTORY` where it is not the usual one: for a mending line.
  std::string own_directory() const;
};

/// From what `postconf -x NAME...`, `postconf -F` and `postconf -P` print: lines of `name = value`.
PostfixFacts parse_postfix_facts(std::string_view main, std::string_view services,
                                 std::string_view overrides);
/// Asks postconf(1). `directory`: as for its -c, or empty. An error when there is none.
Result<PostfixFacts> look_at_postfix(const std::string& directory);

}  // namespace fallbackmx
