// QuickJS running a script.
#include "quickjs.h"
#include <stdio.h>
#include <string.h>

static const char script[] =
    "function weigh(job) { return job.size * job.prio }\n"
    "let jobs = []\n"
    "for (let i = 0; i < 1000; i++) jobs.push({ size: i, prio: i % 7 })\n"
    "let sum = jobs.map(weigh).reduce((a, b) => a + b, 0)\n"
    "report(sum, jobs.length)\n";

static JSValue report(JSContext *context, JSValueConst self, int count, JSValueConst *values) {
    int32_t sum = 0, jobs = 0;
    JS_ToInt32(context, &sum, values[0]);
    JS_ToInt32(context, &jobs, values[1]);
    printf("%d of %d jobs\n", sum, jobs); // #report
    return JS_UNDEFINED;
}

int main(void) {
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *context = JS_NewContext(runtime);
    JSValue global = JS_GetGlobalObject(context);
    JS_SetPropertyStr(context, global, "report", JS_NewCFunction(context, report, "report", 2));
    JS_FreeValue(context, global);
    JSValue value = JS_Eval(context, script, strlen(script), "jobs.js", JS_EVAL_TYPE_GLOBAL);
    int failed = JS_IsException(value);
    JS_FreeValue(context, value);
    JS_FreeContext(context);
    JS_FreeRuntime(runtime);
    return failed;
}
