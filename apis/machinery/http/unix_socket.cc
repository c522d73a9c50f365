#include "apis/machinery/http/unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <utility>
// asio needs <utility> before it.
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace gantry::http {
namespace {

namespace beast = boost::beast;

constexpr size_t kMaxAnswer = 256 << 20;
constexpr Duration kAnswerTimeout = std::chrono::seconds(30);

using LocalSocket = boost::asio::local::stream_protocol::socket;

Error Failed(const char* what, const std::string& path, const boost::system::error_code& error) {
  return Error(Code::kUnavailable, fmt::format("{} {}: {}", what, path, error.message()));
}

// Reads and writes give up after so long.
void SetTimeout(LocalSocket& socket, Duration timeout) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(whole / 1000000);
  limit.tv_usec = static_cast<suseconds_t>(whole % 1000000);
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

Result<client::HttpResponse> DoOverUnixSocket(const std::string& path,
                                              const client::HttpRequest& request) {
  boost::system::error_code error;
  boost::asio::io_context io;
  LocalSocket socket(io);
  socket.connect(boost::asio::local::stream_protocol::endpoint(path), error);
  if (error) return Failed("connect to", path, error);
  SetTimeout(socket, kAnswerTimeout);

  beast::http::request<beast::http::string_body> out;
  out.method_string(request.method);
  out.target(request.target);
  out.version(11);
  out.set(beast::http::field::host, "localhost");
  out.set(beast::http::field::connection, "close");
  for (const auto& [name, value] : request.headers) out.set(name, value);
  out.body() = request.body;
  out.prepare_payload();
  beast::http::write(socket, out, error);
  if (error) return Failed("write to", path, error);

  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> in;
  in.body_limit(kMaxAnswer);
  beast::http::read(socket, buffer, in, error);
  if (error) return Failed("read from", path, error);
  client::HttpResponse response;
  response.status = static_cast<int>(in.get().result_int());
  for (const auto& field : in.get())
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  response.body = std::move(in.get().body());
  return response;
}

}  // namespace gantry::http
