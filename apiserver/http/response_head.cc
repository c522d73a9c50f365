#include "apiserver/http/response_head.h"

#include <charconv>

namespace gantry::apiserver {
namespace {

// A chunk's size is written with leading zeros, so that its place is known before its size.
constexpr std::string_view kChunkPlace = "00000000\r\n";

void AppendNumber(size_t n, std::string* out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  out->append(text, end);
}

void AppendField(std::string_view name, std::string_view value, std::string* out) {
  out->append(name).append(": ");
  if (value.find_first_of("\r\n") == std::string_view::npos) {
    out->append(value);
  } else {
    for (const char c : value) {
      if (c != '\r' && c != '\n') out->push_back(c);
    }
  }
  out->append("\r\n");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Request Entity Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

void AppendHead(const Response& response, const HeadOptions& options, std::string* out) {
  out->append("HTTP/1.1 ");
  AppendNumber(static_cast<size_t>(response.status), out);
  out->append(" ").append(ReasonPhrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers.all()) AppendField(name, value, out);
  if (!response.content_type.empty()) AppendField("Content-Type", response.content_type, out);
  AppendField("Date", options.date, out);
  if (options.gzip) out->append("Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
  if (!options.keep_alive) out->append("Connection: close\r\n");
  switch (options.framing) {
    case Framing::kLength:
      // 204 and 304 have no body by definition, and must not announce one.
      if (response.status != 204 && response.status != 304) {
        out->append("Content-Length: ");
        AppendNumber(options.length, out);
        out->append("\r\n");
      }
      break;
    case Framing::kChunked: out->append("Transfer-Encoding: chunked\r\n"); break;
    case Framing::kUntilClose: break;
  }
  out->append("\r\n");
}

size_t BeginChunk(std::string* out) {
  out->append(kChunkPlace);
  return out->size();
}

void EndChunk(size_t begin, std::string* out) {
  size_t size = out->size() - begin;
  if (size == 0) {  // an empty chunk would be the end
    out->resize(begin - kChunkPlace.size());
    return;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < 8; ++i, size >>= 4) (*out)[begin - 3 - i] = kDigits[size & 15];
  out->append("\r\n");
}

}  // namespace gantry::apiserver
