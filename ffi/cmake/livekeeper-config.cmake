# find_package(livekeeper) makes livekeeper::livekeeper: the shared library, or the static one where
#
#     set(livekeeper_USE_STATIC ON)
#
# stands before it, or no shared one is installed.
get_filename_component(_livekeeper_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_livekeeper_paths
    "${_livekeeper_prefix}/lib/${CMAKE_LIBRARY_ARCHITECTURE}" "${_livekeeper_prefix}/lib" "${_livekeeper_prefix}/lib64")

find_path(livekeeper_INCLUDE_DIR livekeeper.h PATHS "${_livekeeper_prefix}/include" NO_DEFAULT_PATH)
find_library(livekeeper_SHARED "${CMAKE_SHARED_LIBRARY_PREFIX}livekeeper${CMAKE_SHARED_LIBRARY_SUFFIX}"
             PATHS ${_livekeeper_paths} NO_DEFAULT_PATH)
find_library(livekeeper_STATIC "${CMAKE_STATIC_LIBRARY_PREFIX}livekeeper${CMAKE_STATIC_LIBRARY_SUFFIX}"
             PATHS ${_livekeeper_paths} NO_DEFAULT_PATH)
mark_as_advanced(livekeeper_INCLUDE_DIR livekeeper_SHARED livekeeper_STATIC)

if(livekeeper_STATIC AND (livekeeper_USE_STATIC OR NOT livekeeper_SHARED))
    set(_livekeeper_kind STATIC)
elseif(livekeeper_SHARED AND NOT livekeeper_USE_STATIC)
    set(_livekeeper_kind SHARED)
else()
    set(livekeeper_FOUND FALSE)
    set(livekeeper_NOT_FOUND_MESSAGE "the library is not where it was installed: below ${_livekeeper_prefix}/lib")
    return()
endif()

if(NOT TARGET livekeeper::livekeeper)
    add_library(livekeeper::livekeeper ${_livekeeper_kind} IMPORTED)
    set_target_properties(livekeeper::livekeeper PROPERTIES
        IMPORTED_LOCATION "${livekeeper_${_livekeeper_kind}}"
        INTERFACE_INCLUDE_DIRECTORIES "${livekeeper_INCLUDE_DIR}")
    if(_livekeeper_kind STREQUAL STATIC)
        include(CMakeFindDependencyMacro)
        find_dependency(Threads)
        set_property(TARGET livekeeper::livekeeper PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads ${CMAKE_DL_LIBS} m)
    endif()
endif()
