// As much of rxjs as the service uses.
export class Observable {
  constructor(observers = new Set()) {
    this.observers = observers;
  }

  subscribe(observer) {
    this.observers.add(observer);
    return { unsubscribe: () => this.observers.delete(observer) };
  }
}

export class Subject extends Observable {
  next(value) {
    for (const observer of [...this.observers]) observer(value);
  }

  asObservable() {
    return new Observable(this.observers);
  }
}
