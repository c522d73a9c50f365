#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// What the crash test and its victim agree on. The victim prints one line for each thing that it
// does or sees, each with one write(2), so that the lines before a kill are whole:
//
//   open <revision>                              the store was opened
//   put <id> <key>                               about to write; the value is ValueOf(id)
//   delete <key> <expected revision>             about to delete
//   put-done <id> <revision>                     acknowledged
//   delete-done <key> <expected> <revision>      acknowledged
//   event <watch> put|delete <revision> <key> <previous> <id>   seen by a watch
//   compacted <horizon>                          acknowledged
//   error <text>                                 something that must not happen
namespace gantry::store {

// The value of the write `id`: the id, a bar, and a filling that depends on the id.
inline std::string ValueOf(std::string_view id) {
  uint32_t state = 2166136261;
  for (char c : id) state = (state ^ static_cast<unsigned char>(c)) * 16777619;
  std::string value(id);
  value.push_back('|');
  const size_t filling = state % 3000;
  for (size_t i = 0; i < filling; ++i) {
    state = state * 1664525 + 1013904223;
    value.push_back(static_cast<char>('a' + (state >> 24) % 26));
  }
  return value;
}

// The id of a value, or empty when the value is not ValueOf any id.
inline std::string IdOf(std::string_view value) {
  const std::string id(value.substr(0, value.find('|')));
  return ValueOf(id) == value ? id : std::string();
}

// Watch 0 sees all keys, watch 1 those of the first writer.
inline constexpr std::string_view kWatchPrefix[] = {"/", "/w0/"};

}  // namespace gantry::store
