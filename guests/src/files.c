// Reads and writes files below a preopened folder (`argv[1]`, default `/data`) and counts lines of stdin.
//
// `notes.txt` is written, appended to and read back; `missing.txt` must not exist, its error is printed.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int write_lines(const char *path, const char *mode, const char *const *lines, int count) {
    FILE *file = fopen(path, mode); // #open
    if (file == NULL) {
        printf("cannot open %s: %s\n", path, strerror(errno)); // #open-failed
        return -1;
    }
    int written = 0;
    for (int i = 0; i < count; i++) {
        written += fprintf(file, "%s\n", lines[i]); // #write
    }
    fclose(file);
    return written;
}

static int read_back(const char *path) {
    char line[64];
    int bytes = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        printf("cannot open %s: %s\n", path, strerror(errno)); // #read-failed
        return -1;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        bytes += (int)strlen(line); // #read-line
    }
    fclose(file);
    return bytes; // #read-done
}

static int count_stdin(void) {
    char line[64];
    int lines = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lines++; // #stdin-line
        printf("stdin %d: %s\n", lines, line);
    }
    return lines; // #stdin-end
}

int main(int argc, char **argv) {
    static const char *const first[] = {"freeze", "frame"};
    static const char *const more[] = {"again"};
    const char *dir = argc > 1 ? argv[1] : "/data";
    char path[256];
    snprintf(path, sizeof path, "%s/notes.txt", dir); // #path

    int written = write_lines(path, "w", first, 2); // #write-call
    if (written < 0) return 1;
    written += write_lines(path, "a", more, 1); // #append-call
    int bytes = read_back(path); // #read-call
    printf("wrote %d, read %d bytes\n", written, bytes); // #compare

    snprintf(path, sizeof path, "%s/missing.txt", dir);
    read_back(path); // #missing-call

    int lines = count_stdin(); // #stdin-call
    printf("%d lines\n", lines); // #done
    return written == bytes ? 0 : 1;
}
