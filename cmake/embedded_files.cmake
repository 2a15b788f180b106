# Writes OUTPUT, a C file with the contents of FILES as arrays of bytes: NAME
# and NAME_count, which HEADER declares (see bridge/base/embedded.h). Run with
# cmake -P, so that a build needs no other tool. Bytes rather than string
# literals, whose length C limits.
cmake_minimum_required(VERSION 3.25)

set(arrays "")
set(rows "")
set(count 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR len "${digits} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "((0x..,){12})" "    \\1\n" bytes "${bytes}")
  string(APPEND arrays "/* ${name} */\n"
         "static const unsigned char text_${count}[] = {\n${bytes}0x00};\n\n")
  string(APPEND rows
         "    {\"${name}\", (const char *)text_${count}, ${len}},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(
  WRITE "${OUTPUT}"
  "/* Made by cmake/embedded_files.cmake; not to be edited. */
#include \"${HEADER}\"

${arrays}const struct embedded_file ${NAME}[] = {
${rows}    {NULL, NULL, 0},
};

const size_t ${NAME}_count = ${count};
")
