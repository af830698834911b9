// AssemblyScript: a source map and names, but no DWARF. Called as `run(n)`.
class Boat {
  constructor(
    public name: string,
    public load: i32,
  ) {}

  add(more: i32): i32 {
    this.load += more; // #add
    return this.load;
  }
}

let trips: i32 = 0;

function total(boats: Array<Boat>): i32 {
  let sum = 0;
  for (let i = 0; i < boats.length; i++) {
    sum += boats[i].load; // #sum
  }
  return sum; // #total-end
}

export function run(n: i32): i32 {
  const boats: Array<Boat> = [new Boat("Ada", 3), new Boat("Grace", 4)];
  trips += 1; // #run
  boats[0].add(n); // #run-add
  return total(boats) * trips; // #run-end
}
