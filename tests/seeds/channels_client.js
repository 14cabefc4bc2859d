const ws = new WebSocket('ws://localhost:8000/api/v1/ws?channel=sensors');

ws.onopen = function(event) {
    console.log('Conectado al WebSocket');
};

ws.onmessage = function(event) {
    const data = JSON.parse(event.data);
    console.log('Evento recibido:', data);
};

ws.onclose = function(event) {
    console.log('Conexión cerrada');
};

ws.onerror = function(error) {
    console.log('Error:', error);
};
