#include "milter/command/rendering.h"

#include <gmock/gmock.h>

#include "milter/control/shown.h"

namespace fallbackmx {
namespace {

TEST(Rendering, EachAnswerIsReadByPeople) {
  struct Case {
    const char* name;
    Verb verb;
    const char* result;
    const char* want;
  };
  const Case cases[] = {
      {"status", Verb::status,
       R"({"version":"0.1.0","process":7,"started":"2026-11-22T10:00:00Z","serving":true,"mode":"enforce",
           "milter_socket":"unix:/x","http_listen":"","configuration":{"file":"/c","since":"2026-11-22T10:00:01Z",
           "last_reload_succeeded":false},"primaries":{"known":2,"down":1,"unwell":[
             {"server":"mx2.example.org[192.0.2.2]:25","state":"suspect","since":"2026-11-22T10:00:00Z","next_trial":null,
              "trouble":"Connection refused","sessions":0,"round_trip":null,"tls":"","alarm":"","accepts_everything":[]}]},"memory":{"address_verify_map":"memory:","addresses":3}})",
       "daemon          fallbackmx-milter 0.1.0, process 7, serving since 2026-11-22T10:00:00Z\n"
       "mode            enforce\n"
       "milter socket   unix:/x\n"
       "configuration   /c, read 2026-11-22T10:00:01Z; the last reload FAILED, see the log\n"
       "primaries       2 known, 1 down\n"
       "memory          3 addresses in memory:\n"
       "suspect   since 2026-11-22T10:00:00Z  mx2.example.org[192.0.2.2]:25  0 sessions\n"
       "    Connection refused\n"},
      {"status while the DNS is down", Verb::status,
       R"({"version":"0.1.0","process":7,"started":"2026-11-22T10:00:00Z","serving":true,"mode":"enforce",
           "milter_socket":"unix:/x","http_listen":"","configuration":{"file":"/c","since":"2026-11-22T10:00:01Z",
           "last_reload_succeeded":true},"dns":{"stale":1,"names":[{"name":"example.org","since":"2026-11-22T10:00:02Z"}]},
           "memory":{"address_verify_map":"memory:","addresses":3}})",
       "daemon          fallbackmx-milter 0.1.0, process 7, serving since 2026-11-22T10:00:00Z\n"
       "mode            enforce\n"
       "milter socket   unix:/x\n"
       "configuration   /c, read 2026-11-22T10:00:01Z\n"
       "DNS             gives no answer about 1 name(s), the last good ones are used: example.org since "
       "2026-11-22T10:00:02Z\n"
       "memory          3 addresses in memory:\n"},
      {"good health", Verb::health, R"({"serving":true})", "serving\n"},
      {"bad health", Verb::health, R"({"serving":false})", "starting or stopping\n"},
      {"a reload", Verb::reload,
       R"({"taken":true,"errors":[],"warnings":["w"],"need_restart":["milter_socket"]})",
       "warning: w\ntakes a restart: milter_socket\nThe new configuration is in force.\n"},
      {"a reload that failed", Verb::reload, R"({"taken":false,"errors":["x.conf:3: what?"]})",
       "error: x.conf:3: what?\nThe old configuration stays in force.\n"},
      {"configuration", Verb::config,
       R"({"parameters":[{"name":"a","value":"b c"},{"name":"d","value":""}]})", "a = b c\nd =\n"},
      {"an unknown user", Verb::verify,
       R"({"address":"u@example.org","verdict":"undeliverable","source":"probe","remembered":"nothing","stage":"rcpt",
           "primary":"mx1.example.org[192.0.2.1]:25","tls":"dane","code":550,"dsn":"5.1.1","words":"User unknown",
           "why":"mx1.example.org[192.0.2.1]:25 said 550 5.1.1 User unknown","client_hears":{"action":"reject","code":550,"dsn":"5.1.1","text":"<u@example.org>: no",
           "unverified":false,"log_only":false},"seconds":0.132})",
       "recipient       u@example.org\n"
       "verdict         undeliverable, the primary was asked\n"
       "primary         mx1.example.org[192.0.2.1]:25, TLS dane, up to stage rcpt\n"
       "said            550 5.1.1 User unknown\n"
       "remembered      nothing\n"
       "a client hears  550 5.1.1 <u@example.org>: no\n"
       "took            0.132 s\n"},
      {"a user of a primary that is down, with log-only", Verb::verify,
       R"({"address":"u@example.org","verdict":"unavailable","source":"none","why":"it is down","code":0,
           "client_hears":{"action":"accept","unverified":true,"log_only":true},"seconds":0})",
       "recipient       u@example.org\n"
       "verdict         unavailable, nobody could be asked\n"
       "why             it is down\n"
       "a client hears  250, unverified: nobody could say (with mode = log-only it hears 250)\n"
       "took            0 s\n"},
      {"who is not verified", Verb::verify,
       R"({"address":"u@x.example","verdict":null,"client_hears":{},"seconds":0})",
       "recipient       u@x.example\n"
       "verdict         none: such recipients are not verified\n"
       "a client hears  250\n"
       "took            0 s\n"},
      {"a list", Verb::remember_list,
       R"({"addresses":[{"address":"u@example.org","verdict":"deliverable","code":250,"dsn":"2.1.5","words":"Ok",
           "asked":"2026-11-22T10:42:07Z"},{"address":"n@example.org","verdict":"undeliverable","code":550,"dsn":"",
           "words":"no\u001b[2J","asked":"2026-11-22T10:42:08Z"}],"next":"7"})",
       "yes      2026-11-22T10:42:07Z  u@example.org  250 2.1.5 Ok\n"
       "no       2026-11-22T10:42:08Z  n@example.org  550 no?[2J\n"},
      {"nothing remembered", Verb::remember_show, R"({"address":"u@example.org","verdict":null})",
       "Nothing is remembered about u@example.org.\n"},
      {"something remembered", Verb::remember_show,
       R"({"address":"u@example.org","verdict":"deliverable","code":250,"dsn":"","words":"Ok",
           "asked":"2026-11-22T10:42:07Z","last_yes":"2026-11-22T10:42:07Z","counts":"yes","refresh":true})",
       "recipient       u@example.org\n"
       "verdict         deliverable\n"
       "said            250 Ok\n"
       "asked           2026-11-22T10:42:07Z\n"
       "last yes        2026-11-22T10:42:07Z\n"
       "counts          as a yes, and is due to be asked again\n"},
      {"one forgotten", Verb::remember_forget, R"({"address":"u@example.org","forgotten":1})",
       "Forgotten: u@example.org.\n"},
      {"nothing to forget", Verb::remember_forget, R"({"address":"u@example.org","forgotten":0})",
       "Nothing was remembered about u@example.org.\n"},
      {"many forgotten", Verb::remember_flush, R"({"forgotten":12})", "Forgotten: 12 addresses.\n"},
      {"primaries", Verb::primaries_list,
       R"({"primaries":[{"server":"mx1.example.org[192.0.2.1]:25","state":"up","since":"2026-11-22T10:00:00Z",
           "next_trial":null,"trouble":"","sessions":2,"round_trip":0.012,"tls":"dane","alarm":"",
           "accepts_everything":["example.net"]},{"server":"mx2.example.org[192.0.2.2]:25","state":"down",
           "since":"2026-11-22T10:00:00Z","next_trial":"2026-11-22T10:42:00Z",
           "last_trial":"2026-11-22T10:41:30Z","unverified":3,"longest_wait":5.012,"trouble":"Connection refused",
           "sessions":0,"round_trip":null,"tls":"","alarm":"refused","accepts_everything":[]}]})",
       "up        since 2026-11-22T10:00:00Z  mx1.example.org[192.0.2.1]:25  2 sessions, round trip 0.012 s, "
       "TLS dane\n"
       "    accepts everybody in example.net\n"
       "down      since 2026-11-22T10:00:00Z  mx2.example.org[192.0.2.2]:25  0 sessions\n"
       "    last trial 2026-11-22T10:41:30Z, next 2026-11-22T10:42:00Z; accepted unverified: 3, longest wait "
       "5.012 "
       "s\n    Connection refused\n    alarm: refused\n"},
      {"no primaries", Verb::primaries_list, R"({"primaries":[]})", "No primary has been talked to yet.\n"},
      {"what was done to primaries", Verb::primaries_disable, R"({"done":"disabled","servers":["a","b"]})",
       "disabled: a\ndisabled: b\n"},
      {"a refusal, and an answer of a restriction", Verb::verdicts,
       R"({"verdicts":[{"at":"2026-11-22T10:42:07Z","recipient":"u@example.org","sender":"s@example.net",
           "client":"h[192.0.2.9]","action":"reject","verdict":"undeliverable","source":"probe",
           "primary":"mx1.example.org[192.0.2.1]:25","code":550,"dsn":"5.1.1","reply":"User unknown","seconds":0.1},
          {"at":"2026-11-22T10:41:07Z","recipient":"v","resolved":"v@example.org","sender":"",
           "client":"h[192.0.2.9]","action":"defer","log_only":true,"verdict":null,
           "restriction":"reject_unknown_sender_domain","code":450,"dsn":"4.1.8","reply":"no such domain","seconds":0}]})",
       "2026-11-22T10:42:07Z  reject  <u@example.org> from=<s@example.net> client=h[192.0.2.9]\n"
       "    undeliverable, the primary was asked: mx1.example.org[192.0.2.1]:25 said 550 5.1.1 User unknown "
       "(0.1 s)\n"
       "2026-11-22T10:41:07Z  defer  <v> from=<> client=h[192.0.2.9] resolved=<v@example.org> (log-only: the "
       "client "
       "heard 250)\n"
       "    by reject_unknown_sender_domain: 450 4.1.8 no such domain (0 s)\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.verb, Json::parse(c.result)), c.want) << c.name;
}

/// What answers at the socket may be anything.
TEST(Rendering, NoAnswerIsSoOddThatItCannotBeShown) {
  for (const VerbRow& row : verb_table()) {
    for (const char* odd :
         {"null", "[]", "7", "\"x\"", "{}", R"({"parameters":7,"verdicts":{"a":1},"addresses":["x"]})"})
      EXPECT_NO_THROW(rendered(row.verb, Json::parse(odd))) << row.words << ' ' << odd;
  }
}

}  // namespace
}  // namespace fallbackmx
