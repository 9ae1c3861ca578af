import { TimingCard } from "../timing_screen/timing_card";

/** A chart whose bars, and whose numbers in the table below, open the records behind them. */
export class DashboardCard extends TimingCard {
    static template = "revenue_recovery.DashboardCard";
    static props = {
        ...TimingCard.props,
        lines: { type: Array, element: Object },
        open: Function,
        download: { type: [Function, String], optional: true },
    };

    draw() {
        super.draw();
        this.chart.options.onClick = (_event, elements) => {
            const line = elements.length && this.props.lines[elements[0].index];
            if (line?.target) {
                this.props.open(line.target);
            }
        };
    }
}
