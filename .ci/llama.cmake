# llama-cpp-python compiles llama.cpp's command line helpers although nothing of it needs them: half
# of the time. It asks for them in the cache of CMake, which a plain variable goes before.
set(LLAMA_BUILD_COMMON OFF)
