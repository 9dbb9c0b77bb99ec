#include "milter/control/verify_operation.h"

#include <sysexits.h>

#include <utility>

#include "milter/control/examination.h"
#include "milter/rules/questions.h"
#include "milter/rules/restrictions.h"
#include "probe/mail/address.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

/// Questions of one operator, to the verifier that clients ask.
class OperatorsQuestions final : public Questions {
 public:
  OperatorsQuestions(const std::function<Finding(const Question&)>& verify, SteadyTime begin,
                     Seconds patience, bool fresh, const RecipientRewriting* rewriting)
      : verify_(verify), begin_(begin), patience_(patience), fresh_(fresh), rewriting_(rewriting) {}

  const RecipientRewriting* rewriting() const override { return rewriting_; }

  DnsAnswer lookup(std::string_view, RecordType) override { return {}; }  // the one restriction asks none

  Finding verify(Question question) override {
    question.deadline = begin_ + question.patience.value_or(patience_);
    if (fresh_) question.of = Question::Of::primary;
    return verify_(question);
  }

 private:
  const std::function<Finding(const Question&)>& verify_;
  const SteadyTime begin_;
  const Seconds patience_;
  const bool fresh_;
  const RecipientRewriting* const rewriting_;
};

int exit_for(const std::optional<Finding>& finding) {
  if (!finding) return EX_TEMPFAIL;
  if (finding->verdict == Verdict::deliverable) return EX_OK;
  return finding->verdict == Verdict::undeliverable ? EX_NOUSER : EX_TEMPFAIL;
}

Json json_of(const Outcome& outcome, const Settings& settings) {
  const Reply& reply = outcome.reply;
  Json heard = {{"action", reply.action()}};
  if (reply.code != 0) {
    heard["code"] = reply.code;
    heard["dsn"] = reply.dsn;
    heard["text"] = reply.text;
  }
  heard["unverified"] = outcome.unverified;
  heard["log_only"] = settings.mode == Enforcement::log_only;
  return heard;
}

}  // namespace

Json finding_json(const Finding& finding) {
  return {{"verdict", to_string(finding.verdict)},
          {"source", to_string(finding.source)},
          {"remembered", to_string(finding.remembered)},
          {"stage", to_string(finding.stage)},
          {"primary", finding.primary},
          {"tls", finding.tls},
          {"code", finding.code},
          {"dsn", finding.dsn},
          {"words", finding.words},
          {"why", finding.why}};
}

ControlReply verify_operation(const ControlRequest& request, const Settings& settings, Clock& clock,
                              const std::function<Finding(const Question&)>& verify,
                              const RecipientRewriting* rewriting) {
  const auto address = Address::parse(request.text("address"));
  if (!address) return control_error(EX_USAGE, address.error());
  if (address->null()) return control_error(EX_USAGE, "the null address is nobody's");
  if (address->domain().empty() && request.text("next-hop").empty())
    return control_error(EX_USAGE, "\"" + printable(address->text()) + "\" has no domain");
  Supposed supposed{.recipient = address->text()};
  if (auto hop = request.text("next-hop"); !hop.empty()) supposed.next_hop = std::move(hop);
  if (auto mailer = request.text("mailer"); !mailer.empty()) supposed.mailer = std::move(mailer);
  const Settings only = only_verification(settings);
  const Scenery scenery = scenery_of(supposed, only);
  const SteadyTime begin = clock.now();
  OperatorsQuestions questions(verify, begin, settings.answer_timeout, request.flag("fresh"), rewriting);
  const Outcome outcome = evaluate(only, scenery.session.client, scenery.envelope, questions);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begin);
  ControlReply reply{.result = {{"address", address->text()}}, .exit = exit_for(outcome.finding)};
  reply.result["mta"] = request.text("mta");
  reply.result["verdict"] = nullptr;
  if (outcome.not_asked) reply.result.update({{"verdict", "not-asked"}, {"why", outcome.not_asked->why}});
  if (!outcome.asked_about.empty()) reply.result["asked_about"] = outcome.asked_about;
  if (outcome.finding) reply.result.update(finding_json(*outcome.finding));
  reply.result["client_hears"] = json_of(outcome, settings);
  reply.result["seconds"] = static_cast<double>(took.count()) / 1000;
  return reply;
}

}  // namespace fallbackmx
