#include "apis/compose/words.h"

namespace gantry::compose {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads the double-quoted text at `*i`, the character after the opening quote.
Status ReadDoubleQuoted(std::string_view line, size_t* i, std::string* word) {
  for (; *i < line.size(); ++*i) {
    const char c = line[*i];
    if (c == '"') return OkStatus();
    if (c == '\\' && *i + 1 < line.size()) {
      const char next = line[*i + 1];
      // Inside of double quotes a backslash is itself, except before these.
      if (next == '"' || next == '\\' || next == '$' || next == '`') {
        *word += next;
        ++*i;
        continue;
      }
      if (next == '\n') {
        ++*i;
        continue;
      }
    }
    *word += c;
  }
  return Error(Code::kInvalid, "a double quote does not end");
}

}  // namespace

Result<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (IsBlank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    if (c == '\\' && i + 1 < line.size() && line[i + 1] == '\n') {
      ++i;  // a continued line
      continue;
    }
    in_word = true;
    if (c == '\'') {
      const size_t end = line.find('\'', i + 1);
      if (end == std::string_view::npos)
        return Error(Code::kInvalid, "a single quote does not end");
      word += line.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '"') {
      ++i;
      GANTRY_TRY(ReadDoubleQuoted(line, &i, &word));
    } else if (c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else {
      word += c;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace gantry::compose
