#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <vector>

// Results and errors. Every fallible function returns Result<T> (or Status, for no value);
// exceptions of libraries are caught where the library is called and become an Error. Callers
// branch on `code`, never on text. A message is lower case without a full stop, context first and
// cause last: `pull image "web:1": registry.example: connection refused`.
//
// Values of these types are as thread-safe as their contents.

namespace gantry {

// What went wrong. The mapping to HTTP status and Kubernetes reason stands in one file,
// apis/machinery/meta/status.cc.
enum class Code {
  kBadRequest,        // malformed input: not JSON, unknown query value          400 BadRequest
  kUnauthorized,      // no or unknown credentials                               401 Unauthorized
  kForbidden,         // known user, not allowed                                 403 Forbidden
  kNotFound,          //                                                         404 NotFound
  kMethodNotAllowed,  //                                                         405
                      //                                                         MethodNotAllowed
  kNotAcceptable,     //                                                         406 NotAcceptable
  kAlreadyExists,     //                                                         409 AlreadyExists
  kConflict,          // the stored revision is not the expected one             409 Conflict
  kExpired,           // history before the compaction horizon                   410 Expired
  kTooLarge,  //                                                         413 RequestEntityTooLarge
  kUnsupportedMediaType,  //                                                         415
                          //                                                         UnsupportedMediaType
  kInvalid,          // well-formed, but against the schema or a rule           422 Invalid
  kTooManyRequests,  //                                                         429 TooManyRequests
  kCancelled,    // the caller went away                                    499 (never seen by it)
  kInternal,     // a bug or a broken invariant                             500 InternalError
  kUnavailable,  // try again: connection refused, store not writable       503 ServiceUnavailable
  kTimeout,      //                                                         504 Timeout
  kDataLoss,     // stored bytes do not decode                              500 InternalError
};

std::string_view CodeName(Code code);

// One field-level reason, as `details.causes[]` of a Kubernetes Status.
struct ErrorCause {
  std::string reason;   // FieldValueInvalid, FieldValueRequired, FieldManagerConflict ...
  std::string message;  // what the user reads
  std::string field;    // dotted path, `spec.replicas`; empty for the whole object
};

// Structured context of an Error, as `details` of a Kubernetes Status. All members are optional.
struct ErrorDetails {
  std::string group;
  std::string kind;
  std::string name;
  std::string uid;
  std::vector<ErrorCause> causes;
  int retry_after_seconds = 0;
  std::string continue_token;  // a fresh token that goes with kExpired of a paged list
};

struct [[nodiscard]] Error {
  Error(Code c, std::string m) : code(c), message(std::move(m)) {}
  Error(Code c, std::string m, ErrorDetails d)
      : code(c),
        message(std::move(m)),
        details(std::make_shared<const ErrorDetails>(std::move(d))) {}

  // The same error with `context: ` before its message.
  Error Wrap(std::string_view context) const& {
    Error e = *this;
    e.message = std::string(context) + ": " + e.message;
    return e;
  }

  Code code;
  std::string message;
  std::shared_ptr<const ErrorDetails> details;  // null when there are none
};

// Either a value or an Error. `return value;` and `return Error(...)` both convert.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Error e) : Base(tl::unexpect, std::move(e)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return this->has_value(); }
  // The error's code; only when !ok().
  Code code() const { return this->error().code; }
  // Says that a failure here is of no consequence; greppable.
  void IgnoreError() const {}
  // This result with `context: ` before the message of its error, if there is one.
  Result Wrap(std::string_view context) && {
    if (ok()) return std::move(*this);
    return this->error().Wrap(context);
  }
};

using Status = Result<void>;

inline Status OkStatus() { return Status(); }

}  // namespace gantry

#define GANTRY_CONCAT_INNER(a, b) a##b
#define GANTRY_CONCAT(a, b) GANTRY_CONCAT_INNER(a, b)

// Returns from the enclosing function with the error of `expr`, if it has one.
#define GANTRY_TRY(expr)                                                                        \
  do {                                                                                          \
    if (auto gantry_try_r = (expr); !gantry_try_r.ok()) return std::move(gantry_try_r).error(); \
  } while (false)

// `lhs = value of expr`, or returns with its error. `lhs` may declare a variable.
#define GANTRY_TRY_SET(lhs, expr) \
  GANTRY_TRY_SET_INNER(GANTRY_CONCAT(gantry_try_v_, __LINE__), lhs, expr, return )
// The same two for coroutines.
#define GANTRY_CO_TRY(expr)                                                                        \
  do {                                                                                             \
    if (auto gantry_try_r = (expr); !gantry_try_r.ok()) co_return std::move(gantry_try_r).error(); \
  } while (false)
#define GANTRY_CO_TRY_SET(lhs, expr) \
  GANTRY_TRY_SET_INNER(GANTRY_CONCAT(gantry_try_v_, __LINE__), lhs, expr, co_return )
#define GANTRY_TRY_SET_INNER(tmp, lhs, expr, ret) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) ret std::move(tmp).error();      \
  lhs = *std::move(tmp)
