// Lua, whose errors are exceptions of WebAssembly (setjmp and longjmp).
#include "lauxlib.h"
#include "lualib.h"
#include <stdio.h>

static const char script[] =
    "local function risky(n) if n % 3 == 0 then error({ code = n }) end return n * 2 end\n"
    "local good, bad = 0, 0\n"
    "for i = 1, 300 do\n"
    "  local fine, value = pcall(risky, i)\n"
    "  if fine then good = good + value else bad = bad + value.code end\n"
    "end\n"
    "report(good, bad)\n";

static int report(lua_State *state) {
    long good = (long)lua_tointeger(state, 1), bad = (long)lua_tointeger(state, 2);
    printf("good %ld, bad %ld\n", good, bad); // #report
    return 0;
}

int main(void) {
    lua_State *state = luaL_newstate();
    luaL_openlibs(state);
    lua_register(state, "report", report);
    int failed = luaL_dostring(state, script);
    if (failed) printf("error: %s\n", lua_tostring(state, -1));
    lua_close(state);
    return failed;
}
