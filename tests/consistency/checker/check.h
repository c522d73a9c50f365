#pragma once

#include "tests/consistency/checker/history.h"
#include "tests/consistency/checker/report.h"

// Checks a history against what the store and the API server promise. Pure; time near linear in the
// size of the history.
//
// THE LOG. Every write has a revision, one sequence for the whole store, and everything that
// anybody saw of a revision (answers of writes, gets, lists, events) says which object it wrote, so
// all that was seen together is the log of all writes that anybody saw. It is complete when a watch
// was open, with resumptions, from the beginning to the end; a write that was acknowledged but is
// missing in a watch that covered its revision is a violation of Reliable.
//
//  Known          What is in the log was asked for: its value is that of one write of that key, and
//                 somebody asked for each deletion.
//  Once           What was acknowledged is in the log exactly once, at the revision of its answer;
//                 what was refused is not there; what had no answer is there at most once.
//  Sequential     Along the log each write follows from the state before it: a create found nothing
//                 and made a new uid; updates, patches and deletions found the object;
//                 preconditions held; a patch left alone what it did not name; a deletion carries
//                 the last state.
//  Linearizable   Each operation took effect at one moment between its question and its answer.
//  Snapshot       A list, all pages of a paged list, and the objects at the start of a watch are
//  the
//                 state at exactly one revision: the one that it names, or was asked for.
//  Monotonic      No client sees time go back, whatever mixture of reads it makes (those at an
//  exact
//                 revision and the later pages of a list excepted); no read is older than demanded.
//
// And of each watch, over all of its resumptions, as etcd defines it for the API server's sake:
//
//  Ordered        Events come by revision, ascending.
//  Unique         No event comes twice.
//  Atomic         One revision is one event of one object, whole and the same for everybody: key,
//                 uid, contents, and whether it appeared, changed or went.
//  Reliable       No event in the middle is missing: if one at revision a and one at revision c
//                 came, so did every one between them that concerns the watch.
//  Resumable      A watch that goes on at the last revision that an earlier one named begins with
//                 the first event after it, also when the server was killed in between. 410 is an
//                 answer only to whom more than `resumable_within` revisions have passed; that a
//                 revision that somebody saw be in the future never is.
//  Bookmarkable   A bookmark with revision r comes after all events up to r, and no event up to r
//                 comes after it.
//
// HOW LINEARIZABILITY IS DECIDED. In general that is NP-hard; here each write tells its place in
// the order, so only the reads (and refusals, which are reads) have a choice. Give the write at
// revision r the place 2r; a read that saw a state which the key had from revision a until the next
// write of the key at b has the places 2a+1 .. 2b-1 to choose from; refusals may choose from the
// places of several states (a create that found the key taken: wherever it was there). A history is
// linearizable if and only if places can be chosen so that no operation has a smaller place than
// one that was answered before it was asked for. Going through the operations by the time at which
// they were asked for, and giving each the smallest place that is allowed and not below those of
// all that were answered before, finds such a choice whenever there is one: the demands are lower
// bounds only, so by induction no choice has any smaller place for any operation. Sound and
// complete, at the cost of sorting. An operation without answer binds nobody after it, until the
// server is killed: what it has not done by then it never does.
//
// The same procedure over the operations of all keys with the lists, whose place is 2r+1 of the
// revision r that they name, decides whether the whole is strictly serializable, which the server
// promises too: the per-key form is only run for the smaller report. Events that were received bind
// later reads like answers. And over the operations of one client, those at "any" revision
// included, it decides Monotonic.
namespace gantry::consistency {

struct CheckOptions {
  // How many revisions back a watch, a page or an exact read must be served.
  Revision resumable_within = 5000;
};

Report Check(const History& history, const CheckOptions& options = {});

}  // namespace gantry::consistency
