#pragma once

#include <cstddef>
#include <string_view>

namespace gantry {

// The text of one member of a JSON object, cut out without parsing the rest; empty when there is
// none. REQUIRES: `object` is the text of an object as DumpJson writes it (valid, no white space),
// `key` needs no escapes.
std::string_view JsonMember(std::string_view object, std::string_view key);

// Whether a text of JSON has more than `limit` members and elements, roughly: what a parser makes
// of a text is many times its size only if it has many. Any text will do.
bool HasManyValues(std::string_view json, size_t limit);

}  // namespace gantry
