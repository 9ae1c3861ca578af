import { Component, onWillUnmount, useEffect, useRef } from "@odoo/owl";

/** One chart with its title, what it says in a sentence, and the same as a table. */
export class TimingCard extends Component {
    static template = "revenue_recovery.TimingCard";
    static props = {
        id: String,
        title: String,
        help: { type: String, optional: true },
        finding: String,
        config: { type: Function },
        height: { type: Number, optional: true },
        columns: { type: Array, element: String },
        lines: { type: Array, element: Array },
        wide: { type: Boolean, optional: true },
    };
    static defaultProps = { height: 300, help: "" };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        useEffect(
            () => this.draw(),
            () => [this.props.config]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        this.chart = new window.Chart(this.canvas.el, this.props.config(this.canvas.el));
    }
}
