#include "tests/consistency/checker_test/sample_history.h"

namespace gantry::consistency {
namespace {

using Type = WatchEvent::Type;

const Item kX10{"a/x", 10, "u1", "1.1", ""};
const Item kX11{"a/x", 11, "u1", "1.1", "1.2"};
const Item kY12{"b/y", 12, "u3", "2.1", ""};
const Item kX13{"a/x", 13, "u1", "1.3", ""};
const Item kX14{"a/x", 14, "u1", "1.3", ""};  // the deletion
const Item kX15{"a/x", 15, "u2", "1.5", ""};
const Item kY16{"b/y", 16, "u3", "2.1", "2.9"};

Operation Make(int client, Verb verb, const std::string& key, Nanoseconds begin, Nanoseconds end,
               Outcome outcome = Outcome::kOk) {
  Operation op;
  op.client = client;
  op.verb = verb;
  op.key = key;
  op.begin = begin;
  op.end = end;
  op.outcome = outcome;
  return op;
}

Operation Write(Operation op, const std::string& value, std::vector<Item> answer,
                Revision expect = 0) {
  op.write = value;
  op.items = std::move(answer);
  op.expect = expect;
  return op;
}

Operation Read(Operation op, std::vector<Item> answer, Revision revision = 0) {
  op.items = std::move(answer);
  op.revision = revision;
  return op;
}

Watch MakeWatch(int client, const std::string& scope, Watch::From from, Revision at) {
  Watch watch;
  watch.client = client;
  watch.scope = scope;
  watch.from = from;
  watch.at = at;
  return watch;
}

WatchEvent Bookmark(Type type, Revision revision, Nanoseconds time) {
  Item item;
  item.revision = revision;
  return {type, time, item};
}

}  // namespace

History SampleHistory() {
  History h;
  h.operations = {
      Write(Make(1, Verb::kCreate, "a/x", 10, 20), "1.1", {kX10}),
      Write(Make(1, Verb::kPatch, "a/x", 30, 40), "1.2", {kX11}),
      Write(Make(2, Verb::kCreate, "b/y", 35, 50), "2.1", {kY12}),
      Write(Make(2, Verb::kCreate, "a/x", 60, 70, Outcome::kExists), "2.2", {}),
      Write(Make(1, Verb::kUpdate, "a/x", 80, 90), "1.3", {kX13}, 11),
      Write(Make(2, Verb::kUpdate, "a/x", 92, 96, Outcome::kConflict), "2.3", {}, 11),
      Read(Make(3, Verb::kGet, "a/x", 100, 110), {kX13}),
      Read(Make(3, Verb::kList, "", 115, 120), {kX13, kY12}, 13),
      Make(1, Verb::kDelete, "a/x", 130, 140),
      Make(3, Verb::kGet, "a/x", 150, 160, Outcome::kNotFound),
      Write(Make(1, Verb::kCreate, "a/x", 170, 180), "1.5", {kX15}),
      Read(Make(3, Verb::kList, "a", 190, 200), {kX13}, 13),
      Read(Make(3, Verb::kPages, "", 210, 220), {kX15, kY12}, 15),
      Read(Make(3, Verb::kGet, "b/y", 230, 235), {kY12}),
      Write(Make(2, Verb::kPatch, "b/y", 240, kNever, Outcome::kUnknown), "2.9", {}),
  };
  h.operations[kDeleteX].uid = "u1";
  h.operations[kListExact].reading = Reading::kExact;
  h.operations[kListExact].at = 13;
  h.operations[kPagesAll].pages = {{15, 1, 1}, {15, 1, -1}};
  h.operations[kGetAny].reading = Reading::kAny;
  h.deaths = {300};

  h.watches = {MakeWatch(4, "", Watch::From::kRevision, 9),
               MakeWatch(5, "a", Watch::From::kRevision, 9),
               MakeWatch(5, "a", Watch::From::kRevision, 12),
               MakeWatch(6, "", Watch::From::kStream, 0), MakeWatch(7, "", Watch::From::kAny, 0)};
  h.watches[kWatchAll].events = {{Type::kAdded, 21, kX10},     {Type::kModified, 41, kX11},
                                 {Type::kAdded, 51, kY12},     {Type::kModified, 91, kX13},
                                 {Type::kDeleted, 141, kX14},  {Type::kAdded, 181, kX15},
                                 {Type::kModified, 250, kY16}, Bookmark(Type::kBookmark, 16, 260)};
  h.watches[kWatchAll].complete_to = 16;
  h.watches[kWatchA].events = {
      {Type::kAdded, 21, kX10}, {Type::kModified, 41, kX11}, Bookmark(Type::kBookmark, 12, 52)};
  h.watches[kWatchAGoesOn].begin = 55;
  h.watches[kWatchAGoesOn].events = {
      {Type::kModified, 91, kX13}, {Type::kDeleted, 141, kX14}, {Type::kAdded, 181, kX15}};
  h.watches[kWatchStream].begin = 111;
  h.watches[kWatchStream].events = {
      {Type::kAdded, 112, kX13},   {Type::kAdded, 112, kY12}, Bookmark(Type::kInitialEnd, 13, 113),
      {Type::kDeleted, 142, kX14}, {Type::kAdded, 182, kX15}, {Type::kModified, 251, kY16}};
  h.watches[kWatchAny].begin = 145;
  h.watches[kWatchAny].events = {
      {Type::kAdded, 146, kY12}, {Type::kAdded, 183, kX15}, {Type::kModified, 252, kY16}};
  for (Watch& watch : h.watches) watch.end = 300;
  h.watches[kWatchA].end = 54;
  for (size_t i = 0; i < h.operations.size(); ++i) h.operations[i].line = i + 1;
  return h;
}

}  // namespace gantry::consistency
