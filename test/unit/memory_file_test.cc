#include "milter/command/memory_file.h"

#include <gtest/gtest.h>

#include <sstream>

#include "milter/control/memory_transfer.h"
#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

AddressRecord told(AddressRecord record) {
  record.hearsay = true;
  return record;
}

/// Two machines, and what went from one to the other.
class MemoryFile : public testing::Test {
 protected:
  /// As the daemon of a machine answers.
  static AskForPage daemon_with(Store& store) {
    return [&store](const ControlRequest& request) {
      ControlRequest arrived;
      ControlReply trouble;
      EXPECT_LE(to_line(request).size(), longest_request);
      EXPECT_TRUE(read_request(to_line(request), arrived, trouble)) << trouble.error;
      Settings settings;
      settings.address_verify_positive_expire_time = 31 * 24h;
      settings.address_verify_negative_expire_time = 3 * 24h;
      return arrived.verb == Verb::remember_export ? export_page(arrived, store)
                                                   : import_page(arrived, store, settings, now);
    };
  }
  std::string exported(Store& store) {
    std::ostringstream out;
    const ControlReply reply = export_memory(daemon_with(store), out);
    EXPECT_TRUE(reply.ok()) << reply.error;
    return out.str();
  }
  /// What the command says, and ends with.
  std::string imported(const std::string& text) {
    std::istringstream in(text);
    std::ostringstream complaints;
    const ControlReply reply = import_memory(daemon_with(*there_), in, complaints);
    return (reply.ok() ? json_line(reply.result) : reply.error) + " exit " + std::to_string(reply.exit) +
           "\n" + complaints.str();
  }
  static std::string file(const std::string& lines, std::size_t count) {
    return "fallbackmx-memory 1\n" + lines + "end\t" + std::to_string(count) + "\n";
  }

  const std::unique_ptr<Store> here_ = make_memory_store(), there_ = make_memory_store();
};

TEST_F(MemoryFile, CarriesAllThatIsRememberedToAnotherMachine) {
  for (int i = 0; i < 3000; ++i)
    here_->put("u" + std::to_string(i) + "@example.org", i % 3 == 0 ? no(Seconds(i)) : yes(Seconds(i)));
  here_->put("\"a b\"@example.org", yes());
  here_->put("j\xc3\xbcrgen@example.org", yes());
  const std::string text = exported(*here_);
  EXPECT_TRUE(text.starts_with(
      "fallbackmx-memory 1\n\"a b\"@example.org\tyes\t250\t2.1.5\t1800000000\t1800000000\tok\n"));
  EXPECT_TRUE(text.ends_with("\nend\t3002\n"));
  EXPECT_EQ(imported(text), "{\"taken\":3002,\"known\":0,\"bad\":0,\"complete\":true} exit 0\n");
  for (int i = 0; i < 3000; ++i)
    EXPECT_EQ(there_->find("u" + std::to_string(i) + "@example.org"),
              i % 3 == 0 ? told(no(Seconds(i))) : yes(Seconds(i)));
  EXPECT_EQ(there_->find("j\xc3\xbcrgen@example.org"), yes());
  EXPECT_EQ(exported(*there_), text) << "and back";
}

TEST_F(MemoryFile, OfNothingIsAFileAsWell) {
  EXPECT_EQ(exported(*here_), "fallbackmx-memory 1\nend\t0\n");
  EXPECT_EQ(imported("fallbackmx-memory 1\nend\t0\n"),
            "{\"taken\":0,\"known\":0,\"bad\":0,\"complete\":true} exit 0\n");
}

TEST_F(MemoryFile, NeverTakesThePlaceOfWhatIsNewer) {
  there_->put("newer@example.org", yes(10s));
  there_->put("older@example.org", no(30s));
  there_->put("yes@example.org", yes(30s));
  EXPECT_EQ(imported(file(to_text({"newer@example.org", yes(20s)}) + "\n" +
                              to_text({"older@example.org", yes(20s)}) + "\n" +
                              to_text({"yes@example.org", no(20s)}) + "\n" +
                              to_text({"expired@example.org", no(30 * 24h)}) + "\n",
                          4)),
            "{\"taken\":2,\"known\":2,\"bad\":0,\"complete\":true} exit 0\n");
  EXPECT_EQ(there_->find("newer@example.org"), yes(10s));
  EXPECT_EQ(there_->find("older@example.org"), yes(20s));
  EXPECT_EQ(there_->find("yes@example.org"), yes(30s)) << "a yes does not die by hearsay";
  EXPECT_FALSE(there_->find("expired@example.org"));
}

TEST_F(MemoryFile, NamesBadLinesByTheirNumberAndTakesTheGoodOnes) {
  EXPECT_EQ(imported(file("what?\n" + to_text({"a@example.org", yes()}) + "\nx\x1b[2J\t\xff\n\n" +
                              to_text({"b@example.org", yes()}) + "\n" + std::string(100'000, 'x') + "\n",
                          6)),
            "{\"taken\":2,\"known\":0,\"bad\":4,\"complete\":true} exit 65\n"
            "fallbackmx: line 2: not the seven fields of an address: \"what?\"\n"
            "fallbackmx: line 4: not the seven fields of an address: \"x?[2J??\"\n"
            "fallbackmx: line 5: not the seven fields of an address: \"\"\n"
            "fallbackmx: line 7: not the seven fields of an address: \"" +
                std::string(57, 'x') + "...\"\n");
  EXPECT_EQ(there_->find("b@example.org"), yes());
}

TEST_F(MemoryFile, SaysAtMostTwentyTimesThatALineIsBad) {
  std::string rubbish;
  for (int i = 0; i < 1000; ++i) rubbish += "rubbish\n";
  const std::string said = imported(file(rubbish, 1000));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 22) << said;
}

TEST_F(MemoryFile, ThatWasCutShortIsTakenAsFarAsItGoes) {
  const std::string line = to_text({"a@example.org", yes()}) + "\n";
  EXPECT_EQ(imported("fallbackmx-memory 1\n" + line),
            "{\"taken\":1,\"known\":0,\"bad\":0,\"complete\":false} exit 65\n"
            "fallbackmx: the end of the file is missing: it was cut short\n");
  EXPECT_TRUE(imported(file(line, 2))
                  .find("fallbackmx: line 3: here the file ends with \"2\" lines, and there are 1\n") !=
              std::string::npos);
}

TEST_F(MemoryFile, OfAnotherFormatIsNotTaken) {
  for (const std::string text : {"", "\n", "u@example.org\tyes\t250\t2.1.5\t1\t1\tOk\n", "SQLite format 3"}) {
    EXPECT_EQ(imported(text),
              "the first line is not \"fallbackmx-memory 1\": this is no file of fallbackmx remember export "
              "exit 65\n");
  }
  EXPECT_EQ(imported("fallbackmx-memory 2\nend\t0\n"),
            "the file has version 2 of the format, and only 1 is known here exit 65\n");
}

TEST_F(MemoryFile, AnswersOfAnotherShapeAreTroubleAndNoException) {
  for (const char* result :
       {"[]", "\"x\"", "7", "null", "{}", "{\"lines\":[7]}", "{\"lines\":{\"a\":\"b\"}}"}) {
    const AskForPage daemon = [&](const ControlRequest&) {
      return ControlReply{.result = Json::parse(result)};
    };
    std::ostringstream out, complaints;
    EXPECT_EQ(export_memory(daemon, out).exit, 76) << result;
    std::istringstream in(file("a@example.org\tyes\t250\t-\t1\t1\tOk\n", 1));
    EXPECT_EQ(import_memory(daemon, in, complaints).result["taken"], 0) << result;
  }
}

TEST_F(MemoryFile, EndsWhereTheDaemonDoes) {
  int answered = 0;
  const AskForPage dying = [&](const ControlRequest& request) {
    return ++answered == 3 ? control_error(69, "it is gone") : daemon_with(*there_)(request);
  };
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += to_text({"u" + std::to_string(i) + "@example.org", yes()}) + "\n";
  std::istringstream in(file(lines, 1000));
  std::ostringstream complaints;
  const ControlReply reply = import_memory(dying, in, complaints);
  EXPECT_EQ(reply.error, "it is gone");
  EXPECT_EQ(reply.exit, 69);
  EXPECT_EQ(answered, 3);
}

}  // namespace
}  // namespace fallbackmx
