#include "milter/doctor/postfix_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "conf/grammar/units.h"

namespace fallbackmx {

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// For users of ours, who send mail to everywhere.
bool is_submission(const PostfixService& service) {
  return is_one_of(service.name, {"submission", "submissions", "smtps", "587", "465"});
}

/// What a content filter gives back comes in here: it was looked at before.
bool is_internal(const PostfixService& service) {
  return service.name.starts_with("127.") || service.name.starts_with("[::1]") ||
         service.name.starts_with("localhost:");
}

std::string for_shell(std::string_view text) { return "'" + std::string(text) + "'"; }

class PostfixCheck {
 public:
  PostfixCheck(const PostfixFacts& postfix, const MilterSocket& socket, const Settings& settings)
      : postfix_(postfix),
        socket_(socket),
        settings_(settings),
        queue_(postfix.value("queue_directory") + '/') {}

  Ailments run() {
    for (const PostfixService& service : postfix_.services) look_at(service);
    look_at_local_mail();
    look_at_relaying();
    return std::move(ailments_);
  }

 private:
  void look_at(const PostfixService& service) {
    const auto milters = parse_postfix_milters(postfix_.value(service, "smtpd_milters"));
    const auto ours = std::find_if(milters.begin(), milters.end(),
                                   [&](const PostfixMilter& m) { return is_ours(m.socket); });
    if (is_submission(service)) {
      if (ours != milters.end()) submission(service);
      return;
    }
    if (is_internal(service)) return;
    if (ours == milters.end()) return service.own.contains("smtpd_milters") ? overridden(service) : missing();
    reachable(service, *ours);
    default_action(service, *ours);
    command_timeout(service, *ours);
  }

  void add(std::string name, std::string what, std::string mend) {
    Ailment ailment{std::move(name), std::move(what), std::move(mend)};
    // What is wrong in main.cf is wrong for all services, and said once.
    if (std::find(ailments_.begin(), ailments_.end(), ailment) == ailments_.end())
      ailments_.push_back(std::move(ailment));
  }

  // --- which of them is ours ---

  bool is_ours(const std::string& theirs) const {
    const bool path = theirs.starts_with("unix:") || theirs.starts_with("local:");
    if (path != (socket_.kind == MilterSocket::Kind::path)) return false;
    if (path) {
      const std::string name = theirs.substr(theirs.find(':') + 1);
      // An absolute one may be meant from inside the chroot.
      return name == socket_.path || queue_ + name == socket_.path ||
             (name.starts_with('/') && queue_ + name.substr(1) == socket_.path);
    }
    const auto parsed = MilterSocket::parse(theirs);
    if (!parsed || parsed->port != socket_.port) return false;
    return socket_.host.empty() || socket_.host == "0.0.0.0" || socket_.host == "::" ||
           parsed->for_postfix() == socket_.for_postfix() || parsed->host == "localhost";
  }

  // --- the line of ours ---

  /// The line for main.cf; relative to the queue directory, wherever that is, a path is good for every smtpd.
  std::string own_line() const {
    std::string line = socket_.main_cf_line();
    if (!socket_.path.starts_with(queue_)) return line;
    const std::string absolute = socket_.for_postfix();
    return line.replace(line.find(absolute), absolute.size(), "unix:" + socket_.path.substr(queue_.size()));
  }

  /// With the milters that stand there already behind ours.
  std::string line_with_others() const {
    std::string line = own_line();
    for (const auto& milter : parse_postfix_milters(postfix_.value("smtpd_milters"))) {
      if (!is_ours(milter.socket)) line += ", " + milter.text;
    }
    return line;
  }
  /// `postconf -e 'line' && postfix reload`
  std::string edit(std::string_view line) const { return postconf("-e " + for_shell(line)); }
  std::string postconf(const std::string& words) const {
    const std::string directory = postfix_.own_directory();
    return "postconf" + directory + ' ' + words + " && postfix" + directory + " reload";
  }

  void missing() {
    add("not-in-smtpd-milters", "Postfix does not ask the milter: it is not in smtpd_milters of main.cf",
        edit(line_with_others()));
  }

  void overridden(const PostfixService& service) {
    const std::string name = service.name + '/' + service.type;
    add("service-without-milter",
        fmt::format("the service {} of master.cf does not ask the milter: it has an smtpd_milters of its own",
                    name),
        postconf("-PX " + name + "/smtpd_milters"));
  }

  void submission(const PostfixService& service) {
    const std::string name = service.name + '/' + service.type;
    add("submission-with-milter",
        fmt::format("the service {} of master.cf asks the milter about mail of your own users", name),
        postconf("-P " + for_shell(name + "/smtpd_milters=")));
  }

  void reachable(const PostfixService& service, const PostfixMilter& ours) {
    if (socket_.kind != MilterSocket::Kind::path) return;
    const std::string name = ours.socket.substr(ours.socket.find(':') + 1);
    const std::string root = service.chroot ? queue_.substr(0, queue_.size() - 1) : "";
    const std::string seen = name.starts_with('/') ? root + name : queue_ + name;
    if (seen == socket_.path) return;
    const bool inside = socket_.path.starts_with(queue_);
    const std::string who = fmt::format("the service {}/{} of master.cf", service.name, service.type);
    if (inside) {
      add("outside-chroot",
          fmt::format("{} looks for the milter at {}, which is not its socket {}", who, seen, socket_.path),
          edit(line_with_others()));
      return;
    }
    add("outside-chroot",
        fmt::format("{} runs chrooted in {} and cannot see the milter's socket {}", who,
                    postfix_.value("queue_directory"), socket_.path),
        fmt::format(
            "install -d -o _fallbackmx -g {} -m 2750 {}fallbackmx && systemctl restart fallbackmx && {}",
            postfix_.value("mail_owner"), queue_,
            edit("smtpd_milters = { unix:fallbackmx/milter.sock, default_action=tempfail, "
                 "connect_timeout=5s, command_timeout=30s }")));
  }

  std::string setting(const PostfixService& service, const PostfixMilter& ours, const char* name) const {
    const auto own = ours.settings.find(name);
    return own == ours.settings.end() ? postfix_.value(service, std::string("milter_") + name) : own->second;
  }

  void default_action(const PostfixService& service, const PostfixMilter& ours) {
    const std::string action = setting(service, ours, "default_action");
    if (action.empty() || action == "tempfail") return;
    const char* what = action == "accept"
                           ? "every recipient is accepted, and mail for those who do not exist bounces"
                       : action == "reject" ? "all mail is refused for ever"
                                            : "mail does not simply come back later";
    add("default-action",
        fmt::format("default_action={}: while the milter does not answer (a restart is enough), {}", action,
                    what),
        edit(line_with_others()));
  }

  void command_timeout(const PostfixService& service, const PostfixMilter& ours) {
    const auto timeout = parse_time(setting(service, ours, "command_timeout"), 's');
    if (!timeout || *timeout > settings_.answer_timeout) return;
    add("command-timeout",
        fmt::format("Postfix waits {} for an answer, the milter takes up to {} (answer_timeout)",
                    format_time(*timeout), format_time(settings_.answer_timeout)),
        edit(line_with_others()));
  }

  // --- the rest of main.cf ---

  void look_at_local_mail() {
    const auto milters = parse_postfix_milters(postfix_.value("non_smtpd_milters"));
    std::string others;
    bool found = false;
    for (const auto& milter : milters) {
      if (is_ours(milter.socket)) {
        found = true;
      } else {
        others += (others.empty() ? "" : ", ") + milter.text;
      }
    }
    if (!found) return;
    add("non-smtpd-milters",
        "mail that this machine sends itself goes through the milter, which has no client to judge",
        edit("non_smtpd_milters = " + others));
  }

  void look_at_relaying() {
    if (postfix_.value("relay_domains").empty() && !settings_.relay_domains.empty()) {
      add("relays-nothing",
          "Postfix relays for no domain (relay_domains of main.cf is empty), the milter does",
          edit("relay_domains = " + settings_.relay_domains.text()));
    }
    constexpr std::array lists = {"smtpd_client_restrictions", "smtpd_sender_restrictions",
                                  "smtpd_relay_restrictions", "smtpd_recipient_restrictions"};
    for (const char* list : lists) {
      if (postfix_.value(list).find("reject_unverified_recipient") == std::string::npos) continue;
      add("postfix-verifies-too",
          fmt::format(
              "Postfix asks the primary as well ({} has reject_unverified_recipient), and while that is "
              "down it defers the mail",
              list),
          fmt::format("take reject_unverified_recipient out of {} in main.cf", list));
    }
  }

  const PostfixFacts& postfix_;
  const MilterSocket& socket_;
  const Settings& settings_;
  const std::string queue_;
  Ailments ailments_;
};

}  // namespace

Ailments postfix_ailments(const PostfixFacts& postfix, const MilterSocket& socket, const Settings& settings) {
  return PostfixCheck(postfix, socket, settings).run();
}

}  // namespace fallbackmx
