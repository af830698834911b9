// SQLite with some work to do.
#include "sqlite3.h"
#include <stdio.h>

static int rows = 0;

static int row(void *total, int columns, char **values, char **names) {
    rows++;
    *(long *)total += columns; // #row
    return 0;
}

static int run(sqlite3 *db, const char *sql) {
    char *message = 0;
    long total = 0;
    int code = sqlite3_exec(db, sql, row, &total, &message);
    if (code != SQLITE_OK) printf("error: %s\n", message); // #error
    sqlite3_free(message);
    return code;
}

int main(void) {
    sqlite3 *db = 0;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
    run(db, "create table orders(id integer primary key, name text, total real)");
    run(db, "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)"
            " insert into orders select i, 'order ' || i, i * 1.5 from n");
    run(db, "create index by_total on orders(total)");
    run(db, "select name, sum(total) from orders where total > 100 group by id % 10 order by 2");
    run(db, "select nothing from orders"); // #fails
    printf("%d rows\n", rows);
    return sqlite3_close(db);
}
