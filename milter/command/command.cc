#include "milter/command/command.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "conf/config.h"
#include "milter/command/command_help.h"
#include "milter/command/command_line.h"
#include "milter/command/completion.h"
#include "milter/command/local_operations.h"
#include "milter/command/memory_file.h"
#include "milter/command/rendering.h"
#include "milter/command/stopped_memory.h"
#include "milter/control/control_client.h"
#include "milter/control/shown.h"
#include "milter/doctor/mta_route.h"
#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

/// From --socket, else as the daemon would find it. A file that has errors, or that we may not read, still
/// leaves us the usual place.
std::string control_socket(const CommandLine& line) {
  if (!line.socket.empty()) return line.socket;
  const Config config = read_config(config_sources(line.config_file, R_OK));
  std::string path(find_parameter("control_socket")->initial);
  for (const auto& [name, value] : config.written) {
    if (name == "control_socket") path = value;
  }
  return path;
}

/// Where the main.cf of the MTA is, by the configuration; of one that has errors, the usual place.
std::string postfix_directory(const CommandLine& line) {
  const Config config = read_config(config_sources(line.config_file, R_OK));
  if (config.settings) return config.settings->postfix_config_directory;
  return std::string(find_parameter("postfix_config_directory")->initial);
}

/// How long the daemon may take: health checks want to know soon, and a verdict may take as long as
/// answer_timeout can be.
std::chrono::seconds patience_for(Verb verb) { return verb == Verb::health ? 5s : 660s; }

/// Lists come in pages of so many rows.
constexpr std::size_t page_size = 500;

/// How many rows are wanted by who has not said it.
std::size_t usual_limit(Verb verb) { return verb == Verb::verdicts ? 20 : SIZE_MAX; }

/// Of a page: those of the one list in it.
std::size_t rows_of(const Json& page) {
  for (const auto& each : page) {
    if (each.is_array()) return each.size();
  }
  return 0;
}

class Command {
 public:
  Command(CommandLine line, std::ostream& out, std::ostream& complaints)
      : line_(std::move(line)), out_(out), complaints_(complaints) {}

  int run() {
    if (line_.version) {
      out_ << "fallbackmx " FALLBACKMX_VERSION "\n";
      return EX_OK;
    }
    if (line_.help) {
      out_ << (line_.verb ? verb_help(*line_.verb) : command_help());
      return EX_OK;
    }
    if (*line_.verb == Verb::verify && line_.request().flag("trace")) return answer_in_this_process();
    if (line_.verb == Verb::remember_export || line_.verb == Verb::remember_import) return transfer_memory();
    return verb_row(*line_.verb).kind == VerbKind::here ? answer_here() : ask_daemon();
  }

 private:
  int complain(const std::string& sentence, int exit) {
    complaints_ << "fallbackmx: " << sentence << '\n';
    return exit;
  }

  /// What the command does by itself.
  int answer_here() {
    if (*line_.verb == Verb::help) return help();
    if (*line_.verb == Verb::completion) {
      out_ << bash_completion();
      return EX_OK;
    }
    return answer_in_this_process();
  }

  /// What is asked for, and where it was not said what the MTA does with the recipient, what its own
  /// configuration says of that.
  ControlRequest request() const {
    ControlRequest request = line_.request();
    const bool about_route = *line_.verb == Verb::verify || *line_.verb == Verb::explain;
    if (!about_route || !request.text("next-hop").empty() || !request.text("mailer").empty()) return request;
    const auto recipient = Address::parse(request.text("address"));
    if (!recipient) return request;
    const auto learned = learn_route(*recipient, postfix_directory(line_));
    if (!learned) return request;
    request.arguments["mailer"] = learned->route.mailer;
    request.arguments["next-hop"] = learned->route.next_hop;
    request.arguments["mta"] =
        fmt::format("{} to {}, says {}", learned->route.mailer, learned->route.next_hop, learned->from);
    return request;
  }

  int answer_in_this_process() {
    const auto watcher = [this](const Trace::Step& step) { out_ << to_text(step) << std::endl; };
    return print(answer_locally(request(), config_sources(line_.config_file, F_OK),
                                line_.json ? Trace::Watcher() : watcher));
  }

  int print(const ControlReply& reply) {
    if (!reply.ok()) return complain(reply.error, reply.exit);
    out_ << (line_.json ? json_line(reply.result) + '\n' : rendered(*line_.verb, reply.result));
    return reply.exit;
  }

  int help() {
    const std::string about = line_.request().text("verb");
    if (about.empty()) {
      out_ << command_help();
      return EX_OK;
    }
    // Read as a command line, with all that it knows about names.
    const auto blank = about.find(' ');
    std::vector<std::string_view> words{std::string_view(about).substr(0, blank)};
    if (blank != std::string::npos) words.push_back(std::string_view(about).substr(blank + 1));
    words.emplace_back("--help");
    return run_command(words, out_, complaints_);
  }

  /// Page for page from or to the daemon, or, when none runs, its file.
  int transfer_memory() {
    ControlClient client(control_socket(line_));
    std::unique_ptr<StoppedMemory> stopped;
    const AskForPage ask = [&](const ControlRequest& request) {
      if (stopped) return stopped->answer(request);
      ControlReply reply = client.ask(request, patience_for(*line_.verb));
      if (reply.ok() || reply.exit != EX_UNAVAILABLE || !line_.socket.empty()) return reply;
      auto opened = StoppedMemory::open(read_config(config_sources(line_.config_file, F_OK)), complaints_);
      if (!opened)
        return control_error(EX_UNAVAILABLE, reply.error + "; nor can its file be used: " + opened.error());
      stopped = *std::move(opened);
      return stopped->answer(request);
    };
    const bool out = line_.verb == Verb::remember_export;
    const ControlReply reply = out ? export_memory(ask, out_) : import_memory(ask, std::cin, complaints_);
    if (!reply.ok()) return complain(reply.error, reply.exit);
    if (!out) out_ << (line_.json ? json_line(reply.result) + '\n' : rendered(*line_.verb, reply.result));
    return reply.exit;
  }

  int ask_daemon() {
    ControlClient client(control_socket(line_));
    ControlRequest request = this->request();
    std::size_t left = request.number("limit", usual_limit(*line_.verb), SIZE_MAX);
    for (;;) {
      request.arguments["limit"] = std::min(left, page_size);
      const ControlReply reply = client.ask(request, patience_for(*line_.verb));
      if (reply.exit == EX_UNAVAILABLE && *line_.verb == Verb::verify) {
        complain(reply.error + "; so the primary is asked from here", reply.exit);
        return answer_in_this_process();
      }
      if (!reply.ok()) return complain(reply.error, reply.exit);
      out_ << (line_.json ? json_line(reply.result) + '\n' : rendered(*line_.verb, reply.result));
      left -= std::min(left, rows_of(reply.result));
      const Json& next = member(reply.result, "next");
      if (next.is_null() || left == 0 || !out_.flush()) return reply.exit;
      request.arguments["after"] = next;
    }
  }

  const CommandLine line_;
  std::ostream& out_;
  std::ostream& complaints_;
};

}  // namespace

int run_command(std::span<const std::string_view> words, std::ostream& out, std::ostream& complaints) {
  auto line = parse_command_line(words);
  if (!line) {
    complaints << "fallbackmx: " << line.error() << '\n';
    return EX_USAGE;
  }
  return Command(*std::move(line), out, complaints).run();
}

}  // namespace fallbackmx
