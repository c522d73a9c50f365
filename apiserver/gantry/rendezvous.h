#pragma once

// How API servers find and trust the process that serves logs and exec, and it them. The process
// says in annotations of its Lease, in gantry-system, where it listens and who issued its
// certificate; it lets in whoever has a certificate of the installation's authority for this user.
namespace gantry::program {

inline constexpr char kAnnotationStreamsUrl[] = "gantry.dev/streams-url";
inline constexpr char kAnnotationStreamsAuthority[] = "gantry.dev/streams-authority";  // PEM
inline constexpr char kStreamsUser[] = "system:gantry:apiserver";

}  // namespace gantry::program
