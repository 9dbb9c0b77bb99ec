#include "milter/command/local_operations.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <sstream>

#include "milter/control/shown.h"
#include "milter/control/verify_operation.h"
#include "milter/doctor/doctor.h"
#include "milter/doctor/known_recipients.h"
#include "milter/doctor/mta_config.h"
#include "milter/doctor/stale_names.h"
#include "milter/libmilter/socket_address.h"
#include "milter/rules/explanation.h"
#include "milter/setup/start_up.h"
#include "milter/setup/usable_config.h"
#include "probe/base/brackets.h"
#include "probe/dns/configured_resolver.h"

namespace fallbackmx {

namespace {

/// The world of a process of its own.
class RealWorld {
 public:
  explicit RealWorld(const Settings& settings, std::shared_ptr<const RecipientRewriting> rewriting = nullptr)
      : settings_(settings),
        rewriting_(std::move(rewriting)),
        resolver_(make_resolver(settings, loop_)),
        streams_(bind_addresses(settings)) {}

  Clock& clock() { return clock_; }
  World world() { return {clock_, *resolver_, streams_, rewriting_}; }

  std::unique_ptr<Resolver> resolver_of(const NameServer& server) {
    Settings alone = settings_;
    alone.resolver = {server.text()};
    return make_resolver(alone, loop_);
  }

 private:
  const Settings& settings_;
  const std::shared_ptr<const RecipientRewriting> rewriting_;
  SystemClock clock_;
  LoopThread loop_{clock_};
  std::unique_ptr<Resolver> resolver_;
  TcpStreamFactory streams_;
};

Json json_of(const std::vector<Trace::Step>& steps) {
  Json list = Json::array();
  for (const auto& step : steps) {
    list.push_back({{"at", static_cast<double>(step.at.count()) / 1e6},
                    {"level", to_string(step.level)},
                    {"text", step.text}});
  }
  return list;
}

Json json_of(const Explanation::Row& row) {
  return {{"list", row.list},
          {"restriction", row.rule},
          {"depth", row.depth},
          {"reached", row.reached},
          {"answer", row.answer}};
}

// --- verify ---

ControlReply verify_here(const ControlRequest& request, const Settings& settings,
                         const std::shared_ptr<const RecipientRewriting>& rewriting,
                         const Trace::Watcher& watcher) {
  RealWorld real(settings);
  Trace trace(real.clock(), request.flag("trace") ? watcher : Trace::Watcher());
  ControlReply reply;
  {
    TracedVerifier verifier(std::make_shared<Settings>(settings), real.world(), trace);
    reply = verify_operation(
        request, settings, real.clock(), [&](const Question& question) { return verifier.verify(question); },
        rewriting.get());
  }
  if (reply.ok() && request.flag("trace")) reply.result["trace"] = json_of(trace.steps());
  return reply;
}

// --- explain ---

/// The client's address; an error when it is none.
Result<std::optional<IpAddress>> client_of(const ControlRequest& request) {
  const std::string text = request.text("client");
  if (text.empty()) return std::optional<IpAddress>();
  boost::system::error_code not_one;
  const auto address = boost::asio::ip::make_address(without_square_brackets(text), not_one);
  if (not_one) return Error{"--client: " + text + " is no address"};
  return std::optional(address);
}

std::optional<std::string> given(const ControlRequest& request, const char* name) {
  std::string text = request.text(name);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

ControlReply explain(const ControlRequest& request, const Settings& settings,
                     const std::shared_ptr<const RecipientRewriting>& rewriting,
                     const Trace::Watcher& watcher) {
  const auto client = client_of(request);
  if (!client) return control_error(EX_USAGE, client.error());
  const Supposed supposed{.recipient = std::string(without_brackets(request.text("address"))),
                          .sender = std::string(without_brackets(request.text("from"))),
                          .helo = given(request, "helo"),
                          .client = *client,
                          .client_name = given(request, "client-name").value_or("unknown"),
                          .authenticated = request.flag("authenticated"),
                          .mailer = given(request, "mailer"),
                          .next_hop = given(request, "next-hop")};
  const Scenery scenery = scenery_of(supposed, settings);
  RealWorld real(settings, rewriting);
  Explanation explanation(settings);
  Trace trace(real.clock(), request.flag("trace") ? watcher : Trace::Watcher());
  const Examined examined = examine(settings, scenery, real.world(), trace, &explanation);
  const Client& who = scenery.session.client;
  Json result = {{"client", who.text()},
                 {"helo", who.helo ? Json(*who.helo) : Json()},
                 {"authenticated", who.authenticated},
                 {"sender", scenery.envelope.sender_given},
                 {"recipient", scenery.envelope.recipient_given},
                 {"mta", request.text("mta")},
                 {"assumed", scenery.assumed}};
  Json rows = Json::array();
  for (const auto& row : explanation.rows(who.has_helo())) rows.push_back(json_of(row));
  result["restrictions"] = std::move(rows);
  const auto& not_asked = examined.outcome.not_asked;
  result["not_asked"] = not_asked ? Json(not_asked->why) : Json();
  result["asked_about"] = examined.outcome.asked_about;
  result["finding"] = examined.outcome.finding ? finding_json(*examined.outcome.finding) : Json();
  result["client_hears"] = examined.line;
  if (request.flag("trace")) result["trace"] = json_of(trace.steps());
  return {.result = std::move(result)};
}

// --- doctor ---

Ailments of_configuration(const Config& config, const ConfigSources& sources) {
  Ailments ailments;
  for (const auto& error : config.errors) {
    ailments.push_back(
        {"configuration", "the milter does not start with this configuration: " + error,
         "mend it, and see: fallbackmx-milter -n" + (sources.file.empty() ? "" : " -c " + sources.file)});
  }
  return ailments;
}

ControlReply doctor(const ControlRequest& request, const Config& config, const ConfigSources& sources) {
  DoctorReport report{.ailments = of_configuration(config, sources), .looked_at = {}};
  report.looked_at.push_back("the configuration" + (sources.file.empty() ? "" : " " + sources.file));
  if (config.settings) {
    DoctorOrders orders{.postfix_directory = request.text("postfix")};
    if (auto file = given(request, "sendmail")) orders.sendmail_cf = *std::move(file);
    orders.stale_names = [&] { return stale_names(config.settings->control_socket); };
    orders.knows_recipient = [&](const std::string& domain) {
      return knows_recipient(config.settings->control_socket, domain);
    };
    if (auto domain = given(request, "domain")) orders.domains = {*std::move(domain)};
    RealWorld real(*config.settings);
    DoctorReport more = see_doctor(*config.settings, orders, real.world(),
                                   [&](const NameServer& server) { return real.resolver_of(server); });
    append(report.ailments, std::move(more.ailments));
    report.looked_at.insert(report.looked_at.end(), more.looked_at.begin(), more.looked_at.end());
  }
  Json found = Json::array();
  for (const auto& each : report.ailments)
    found.push_back({{"name", each.name}, {"what", each.what}, {"mend", each.mend}});
  const int exit = found.empty() ? 0 : 1;
  return {.result = {{"looked_at", report.looked_at}, {"found", std::move(found)}}, .exit = exit};
}

// --- mta-config ---

ControlReply mta_config(const ControlRequest& request, const Settings& settings) {
  const std::string mta = request.text("mta");
  const auto socket = MilterSocket::parse(settings.milter_socket);
  if (!socket) return control_error(EX_CONFIG, "milter_socket: " + socket.error());
  if (mta != "postfix" && mta != "sendmail")
    return control_error(EX_USAGE, "mta-config: the MTA is postfix or sendmail, not " + mta);
  const MilterSocket place = spelled_out(*socket);
  std::istringstream text(mta == "postfix" ? postfix_config(place) : sendmail_config(place));
  Json lines = Json::array();
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return {.result = {{"mta", mta}, {"lines", std::move(lines)}}};
}

}  // namespace

ControlReply answer_locally(const ControlRequest& request, const ConfigSources& sources,
                            const Trace::Watcher& watcher) {
  const Config config = read_usable_config(sources);
  if (request.verb == Verb::doctor) return doctor(request, config, sources);
  if (!config.settings) {
    return control_error(
        EX_CONFIG,
        config.errors.front() +
            (config.errors.size() > 1 ? fmt::format(" (and {} more)", config.errors.size() - 1) : ""));
  }
  if (request.verb == Verb::verify) return verify_here(request, *config.settings, config.rewriting, watcher);
  return request.verb == Verb::explain ? explain(request, *config.settings, config.rewriting, watcher)
                                       : mta_config(request, *config.settings);
}

// --- as text ---

std::string explanation_text(const Json& result) {
  std::string all = fmt::format("client {}, {}authenticated\n", shown(result, "client"),
                                holds(result, "authenticated") ? "" : "not ");
  if (const auto helo = shown(result, "helo"); !helo.empty()) all += fmt::format("HELO {}\n", helo);
  all += fmt::format("MAIL FROM:<{}>\nRCPT TO:<{}>\n", shown(result, "sender"), shown(result, "recipient"));
  if (const auto mta = shown(result, "mta"); !mta.empty()) all += fmt::format("the MTA: {}\n", mta);
  for (const auto& each : member(result, "assumed")) all += fmt::format("assumed: {}\n", shown(each));
  std::string list;
  for (const auto& row : member(result, "restrictions")) {
    if (const auto its = shown(row, "list"); its != list) all += fmt::format("\n{}\n", list = its);
    const bool inner = shown(row, "depth") != "1";
    all +=
        fmt::format("{:<40} {}\n", (inner ? "    " : "  ") + shown(row, "restriction"), shown(row, "answer"));
  }
  all += '\n';
  if (const Json& finding = member(result, "finding"); !finding.is_null())
    all += fmt::format("verdict: {}: {}\n", shown(finding, "verdict"), shown(finding, "why"));
  if (const auto made = shown(result, "asked_about"); !made.empty())
    all += fmt::format("asked about: {}, to which the MTA changes it\n", made);
  if (const auto why = shown(result, "not_asked"); !why.empty())
    all += fmt::format("verdict: not asked: {}\n", why);
  return all + fmt::format("the client hears: {}\n", shown(result, "client_hears"));
}

std::string diagnosis_text(const Json& result) {
  std::string all;
  for (const auto& each : member(result, "looked_at")) all += fmt::format("looked at {}\n", shown(each));
  for (const auto& each : member(result, "found")) {
    all +=
        fmt::format("\n{}: {}\n  mend: {}\n", shown(each, "name"), shown(each, "what"), shown(each, "mend"));
  }
  return all + (member(result, "found").empty() ? "\nNothing is wrong.\n" : "");
}

}  // namespace fallbackmx
