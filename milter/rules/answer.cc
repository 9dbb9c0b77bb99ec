#include "milter/rules/answer.h"

#include <string>

namespace fallbackmx {

Answer rejected(int code, std::string_view dsn, Subject subject, std::string_view reason) {
  std::string text = "<";
  text.append(subject.name).append(">: ").append(subject.kind).append(" rejected: ").append(reason);
  return {Answer::Kind::reply, make_reply(code, dsn, text, false)};
}

Answer unfinished(TempfailAction action, Answer answer) {
  if (action == TempfailAction::defer_if_permit) answer.kind = Answer::Kind::defer_if_permit;
  return answer;
}

}  // namespace fallbackmx
