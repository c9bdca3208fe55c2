// The tools of the tools-in-typescript project.

import { readFileSync } from "node:fs";
import process from "node:process";

type Prices = Record<string, number>;

interface Order {
  fruit: string;
  count: number;
}

interface Sale {
  fruit: string;
  total: number;
}

/** A scalar becomes `{ value }`. */
export function price_of(order: Order, config: { list: string }): number {
  const prices: Prices = JSON.parse(readFileSync(config.list, "utf8"));
  const price = prices[order.fruit];
  if (price === undefined) {
    throw new RangeError(`we have no ${order.fruit}; there is ${Object.keys(prices).join(", ")}`);
  }
  return price * order.count;
}

async function printReceipt(sale: Sale): Promise<{ text: string }> {
  console.log("printing a receipt"); // goes to the log, not into the output
  return { text: `${sale.fruit}: ${sale.total} ${process.env.CURRENCY}` };
}

// Ids that are not names of functions.
export default { "print-receipt": printReceipt };
