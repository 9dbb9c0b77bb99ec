#include "milter/doctor/doctor.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "conf/host_lookup.h"
#include "conf/rewriting_tables.h"
#include "conf/tables/domain_names.h"
#include "milter/doctor/dns_checks.h"
#include "milter/doctor/domain_checks.h"
#include "milter/doctor/domain_facts.h"
#include "milter/doctor/local_checks.h"
#include "milter/doctor/mta_route.h"
#include "milter/doctor/postfix_checks.h"
#include "milter/doctor/sendmail_checks.h"
#include "milter/doctor/table_checks.h"
#include "milter/libmilter/socket_address.h"
#include "milter/setup/privileges.h"
#include "milter/setup/start_up.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_domains = 20;
constexpr auto usual_user = "_fallbackmx";
/// A name that is signed, and that everybody who resolves anything can ask about.
constexpr auto signed_name = "org";

std::optional<std::string> contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string user_of(uid_t id) {
  const passwd* entry = getpwuid(id);
  return entry == nullptr ? "" : entry->pw_name;
}

class Doctor {
 public:
  Doctor(const Settings& settings, const DoctorOrders& orders, const World& world,
         const std::function<std::unique_ptr<Resolver>(const NameServer&)>& resolver_of)
      : settings_(settings),
        orders_(orders),
        world_(world),
        resolver_of_(resolver_of),
        own_(OwnAddresses::of(settings.inet_interfaces, settings.proxy_interfaces)) {}

  DoctorReport run() {
    look_at_mta();
    look_at_socket();
    look_at_memory();
    look_at_bind_addresses();
    look_at_tables();
    look_at_name_servers();
    look_at_helo_name();
    look_at_domains();
    return std::move(report_);
  }

 private:
  void look_at_tables() {
    found(table_ailments(outdated_tables(settings_)));
    std::vector<std::string> warnings;
    open_rewriting_tables(settings_, warnings);
    found(rewriting_ailments(warnings));
  }
  void found(Ailments more) { append(report_.ailments, std::move(more)); }
  void note(std::string sentence) { report_.looked_at.push_back(std::move(sentence)); }
  SteadyTime soon() const { return world_.clock.now() + doctors_dns_patience; }

  /// Where the milter listens. A descriptor is systemd's, and not ours to look at.
  std::optional<MilterSocket> milter_socket() const {
    const auto socket = MilterSocket::parse(settings_.milter_socket);
    if (!socket || socket->kind == MilterSocket::Kind::descriptor) return std::nullopt;
    return *socket;
  }

  // --- the MTA ---

  void look_at_mta() {
    const auto socket = milter_socket();
    auto postfix = look_at_postfix(orders_.postfix_directory);
    if (postfix) {
      postfix_ = *std::move(postfix);
      note("Postfix in " + postfix_->value("config_directory"));
      if (socket) found(postfix_ailments(*postfix_, *socket, settings_));
      return;
    }
    if (!orders_.postfix_directory.empty()) {
      found({{.name = "postfix-unreadable",
              .what = fmt::format(
                  "nothing can be said about Postfix: there is no configuration that can be read in {}: {}",
                  orders_.postfix_directory, postfix.error()),
              .mend = "give --postfix the directory of main.cf: postconf -h config_directory"}});
      return;
    }
    const auto sendmail_cf = contents(orders_.sendmail_cf);
    if (!sendmail_cf) return note("no MTA: neither postconf(1) nor " + orders_.sendmail_cf + " is here");
    note("Sendmail in " + orders_.sendmail_cf);
    if (socket) found(sendmail_ailments(*sendmail_cf, *socket, settings_));
  }

  // --- this machine ---

  void look_at_socket() {
    const auto socket = milter_socket();
    if (!socket)
      return note("milter_socket is opened by systemd: its unit fallbackmx.socket was not looked at");
    note("the milter's socket " + socket->for_libmilter());
    SocketFacts facts{.socket = *socket};
    struct stat file {};
    const bool path = socket->kind == MilterSocket::Kind::path;
    if (path && stat(socket->path.c_str(), &file) != 0 && errno == EACCES)
      return note("what lies behind the directory of that is for root to see");
    facts.there = !path || (stat(socket->path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode));
    if (path && facts.there) socket_owner_ = user_of(file.st_uid);
    const auto address = own_address(*socket);
    if (!address) facts.silence = address.error();
    if (address && !somebody_listens(*address) && errno != EACCES) facts.silence = std::strerror(errno);
    if (path && postfix_ && is_root()) {
      facts.mta_user = postfix_->value("mail_owner");
      facts.kept_out = why_unreachable(socket->path, facts.mta_user).value_or("");
    }
    found(socket_ailments(facts));
  }

  bool is_root() {
    if (geteuid() == 0) return true;
    if (!std::exchange(said_not_root_, true)) note("not run as root: permissions were not looked at");
    return false;
  }

  std::string daemon_user() const {
    if (!socket_owner_.empty()) return socket_owner_;
    return getpwnam(usual_user) != nullptr ? usual_user : user_of(geteuid());
  }

  void look_at_memory() {
    constexpr std::string_view sqlite = "sqlite:";
    if (!settings_.address_verify_map.starts_with(sqlite) || !is_root()) return;
    StateFacts facts{.file = settings_.address_verify_map.substr(sqlite.size()), .user = daemon_user()};
    note(fmt::format("the memory {}, for user {}", facts.file, facts.user));
    facts.not_writable = why_not_writable(facts.file, facts.user).value_or("");
    found(state_ailments(facts));
  }

  void look_at_bind_addresses() {
    const auto [v4, v6] = bind_addresses(settings_);
    for (const BindAddress& from : {v4, v6}) {
      if (!from.address.is_unspecified())
        note(fmt::format("{}, which probes come from: {}", from.parameter, from.address.to_string()));
    }
    found(bind_ailments({.troubles = bind_troubles(settings_)}));
  }

  // --- DNS ---

  std::vector<NameServer> name_servers() const {
    if (settings_.resolver.empty())
      return parse_resolv_conf(contents("/etc/resolv.conf").value_or("")).servers;
    std::vector<NameServer> servers;
    for (const auto& word : settings_.resolver) {
      if (const auto server = parse_name_server(word)) servers.push_back(*server);
    }
    return servers;
  }

  void look_at_name_servers() {
    ResolverFacts facts;
    for (const NameServer& server : name_servers()) {
      const auto resolver = resolver_of_(server);
      const DnsAnswer answer = resolver->lookup(signed_name, RecordType::a, soon());
      const bool silent = answer.status == DnsAnswer::Status::temporary;
      facts.servers.push_back({.name = server.text(),
                               .trouble = silent ? answer.why : "",
                               .trusted = settings_.trusted_resolver.contains(server.address)});
      facts.authentic = facts.authentic || answer.authentic;
      note("the name server " + server.text());
    }
    found(resolver_ailments(facts, settings_));
    look_at_stale_names();
  }

  /// The daemon does not know that the DNS is back before it has asked about a name again. Of many names a
  /// few tell enough.
  void look_at_stale_names() {
    if (!orders_.stale_names) return;
    constexpr std::size_t most_asked = 3;
    std::vector<StaleFacts> without_answer;
    for (StaleFacts& each : orders_.stale_names()) {
      if (without_answer.size() < most_asked &&
          look_up(each.name, RecordType::mx).status != DnsAnswer::Status::temporary)
        continue;
      without_answer.push_back(std::move(each));
    }
    found(stale_ailments(without_answer));
  }

  DnsAnswer look_up(const std::string& name, RecordType type) const {
    return world_.resolver.lookup(name, type, soon());
  }

  void look_at_helo_name() {
    const std::string& name = settings_.smtp_helo_name;
    note("the HELO name " + name);
    HeloFacts facts{.name = name, .v4 = look_up(name, RecordType::a), .v6 = look_up(name, RecordType::aaaa)};
    facts.ours = any_is_ours(facts.v4.addresses, own_) || any_is_ours(facts.v6.addresses, own_);
    found(helo_ailments(facts));
  }

  // --- domains and their primaries ---

  /// Those that either relays: one that only the MTA relays is not asked about.
  std::vector<std::string> domains() const {
    if (!orders_.domains.empty()) return orders_.domains;
    auto names = domain_names(settings_.relay_domains.text());
    if (!postfix_) return names;
    for (auto& name : domain_names(postfix_->value("relay_domains"))) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    return names;
  }

  void look_at_domains() {
    auto names = domains();
    if (names.empty()) note("no domain: relay_domains names none (--domain does)");
    if (names.size() > most_domains) {
      note(fmt::format("only {} of {} domains (--domain looks at another)", most_domains, names.size()));
      names.resize(most_domains);
    }
    for (const auto& name : names) {
      note("the domain " + name + " and its primary");
      look_at_domain(name);
    }
  }

  /// What the MTA would say in {rcpt_mailer} and {rcpt_host}.
  MtaRoute route_of_mta(const std::string& domain) const {
    const auto somebody = Address::parse("somebody@" + domain);
    if (postfix_ && somebody) return postfix_route(*postfix_, *somebody, asking_postmap(*postfix_));
    const auto directory = std::filesystem::path(orders_.sendmail_cf).parent_path();
    return {"", mailertable_next_hop(contents(directory / "mailertable").value_or(""), domain)};
  }

  void look_at_domain(const std::string& domain) {
    const RecipientPolicy* policy = settings_.recipient_policy_maps.find(domain);
    if (policy != nullptr && !policy->verify) return;
    const DomainSettings& of_domain = policy == nullptr ? settings_ : *policy->settings;
    DomainFacts facts = domain_facts(domain, route_of_mta(domain), settings_, own_, world_);
    facts.no_real_recipient = lacks_real_recipient(domain, of_domain);
    // Where there is more than one place to look addresses up.
    if (host_lookup(settings_).native) {
      for (const auto& reason : facts.reasons) note(fmt::format("the route to {}: {}", domain, reason));
    }
    facts.control_recipient = of_domain.probe_control_recipient;
    found(domain_ailments(facts, settings_));
  }

  bool lacks_real_recipient(const std::string& domain, const DomainSettings& of_domain) {
    const auto configured = Address::parse(of_domain.probe_control_recipient);
    if (configured && configured->domain() == domain) return false;
    if (!orders_.knows_recipient) return false;
    const Knowledge knowledge = orders_.knows_recipient(domain);
    if (knowledge == Knowledge::not_known && !std::exchange(said_no_daemon_, true))
      note("what the daemon remembers was not looked at: it does not answer");
    return knowledge == Knowledge::none;
  }

  const Settings& settings_;
  const DoctorOrders& orders_;
  const World& world_;
  const std::function<std::unique_ptr<Resolver>(const NameServer&)>& resolver_of_;
  const OwnAddresses own_;
  DoctorReport report_;
  std::optional<PostfixFacts> postfix_;
  std::string socket_owner_;
  bool said_not_root_ = false, said_no_daemon_ = false;
};

}  // namespace

DoctorReport see_doctor(const Settings& settings, const DoctorOrders& orders, const World& world,
                        const std::function<std::unique_ptr<Resolver>(const NameServer&)>& resolver_of) {
  return Doctor(settings, orders, world, resolver_of).run();
}

}  // namespace fallbackmx
